"""The pages of share links: for visitors, for their owners, for a team's admins."""

from django.urls import path

from sharing.views import copying, links, log, room, team

urlpatterns = [
    path("share/<str:token>", room.room, name="share-room"),
    path("share/<str:token>/enter", room.come_in, name="share-enter"),
    path("share/<str:token>/say", room.say, name="share-say"),
    path("share/<str:token>/look", room.look, name="share-look"),
    path("share/<str:token>/leave", room.leave, name="share-leave"),
    path("share/<str:token>/copy", copying.copy, name="share-copy"),
    path("chats/<uuid:chat_id>/share", links.links, name="chat-links"),
    path("shares/<uuid:share_id>/change", links.change, name="share-change"),
    path("shares/<uuid:share_id>/extend", links.extend, name="share-extend"),
    path("shares/<uuid:share_id>/log", log.log, name="share-log"),
    path("shares/<uuid:share_id>/log.csv", log.log_csv, name="share-log-csv"),
    path("shares/<uuid:share_id>/qr.svg", links.qr_code, name="share-qr"),
    path("shares/<uuid:share_id>/revoke", links.revoke, name="share-revoke"),
    path("links", team.my_links, name="shares"),
    path("links/team", team.team_links, name="team-shares"),
    path("links/team/sharing", team.switch_sharing, name="team-sharing"),
]
