from django.urls import path

from accounts.views import profile, sign_in

urlpatterns = [
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("profile", profile.profile, name="profile"),
    path("profile/clients/<uuid:session_id>/revoke", profile.revoke_client, name="profile-client-revoke"),
]
