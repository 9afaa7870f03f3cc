"""The addresses of the share contract."""

from django.urls import path

from sharing.api import streams, views, visitors

urlpatterns = [
    path("sessions/<uuid:chat_id>/share", views.ChatShareView.as_view(), name="mid-chat-share"),
    path("sessions/<uuid:chat_id>/shares", views.ChatSharesView.as_view(), name="mid-chat-shares"),
    path("share/<str:token>", views.ShareView.as_view(), name="mid-share"),
    path("share/<str:token>/log", views.ShareLogView.as_view(), name="mid-share-log"),
    path("share/<str:token>/join", visitors.JoinView.as_view(), name="mid-share-join"),
    path("share/<str:token>/leave", visitors.LeaveView.as_view(), name="mid-share-leave"),
    path("share/<str:token>/message", visitors.MessageView.as_view(), name="mid-share-message"),
    path("share/<str:token>/heartbeat", visitors.HeartbeatView.as_view(), name="mid-share-heartbeat"),
    path("share/<str:token>/stream", streams.StreamView.as_view(), name="mid-share-stream"),
]
