from django.urls import path

from accounts.views import join, keys, members, password_reset, profile, register, sign_in

urlpatterns = [
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("register/<slug:slug>", register.register, name="register"),
    path("join/<uuid:invitation_id>", join.join, name="join"),
    path("join/<str:token>", join.join_link, name="join-link"),
    path("reset-password", password_reset.ask, name="reset-password"),
    path("reset-password/<str:ids>", password_reset.choose, name="reset-password-new"),
    path("reset-password/<str:ids>/<str:signature>", password_reset.reset_link, name="reset-link"),
    path("members", members.members, name="members"),
    path("members/<uuid:user_id>/role", members.set_role, name="member-role"),
    path("members/<uuid:user_id>/active", members.set_active, name="member-active"),
    path("members/invitations/<uuid:invitation_id>/withdraw", members.withdraw, name="invitation-withdraw"),
    path("keys", keys.keys, name="keys"),
    path("keys/<uuid:key_id>/revoke", keys.revoke, name="key-revoke"),
    path("profile", profile.profile, name="profile"),
    path("profile/clients/<uuid:session_id>/revoke", profile.revoke_client, name="profile-client-revoke"),
]
