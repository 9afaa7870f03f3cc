from django.urls import path

from accounts import views

urlpatterns = [
    path("sign-in", views.sign_in, name="sign-in"),
    path("sign-out", views.sign_out, name="sign-out"),
    path("profile", views.profile, name="profile"),
    path("profile/clients/<uuid:session_id>/revoke", views.revoke_client, name="profile-client-revoke"),
]
