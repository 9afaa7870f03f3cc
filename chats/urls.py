"""The pages of chats."""

from django.urls import path
from django.views.generic import RedirectView

from chats import views

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="chat-list"), name="home"),
    path("chats", views.chat_list, name="chat-list"),
    path("chats/new", views.new_chat, name="chat-new"),
    path("chats/<uuid:chat_id>", views.chat_detail, name="chat-detail"),
    path("chats/<uuid:chat_id>/attachments/<uuid:attachment_id>", views.attachment, name="chat-attachment"),
    path("chats/<uuid:chat_id>/send", views.send, name="chat-send"),
    path("chats/<uuid:chat_id>/stop", views.stop, name="chat-stop"),
    path("chats/<uuid:chat_id>/retry", views.retry, name="chat-retry"),
    path("chats/<uuid:chat_id>/rename", views.rename, name="chat-rename"),
    path("chats/<uuid:chat_id>/archive", views.archive, name="chat-archive"),
    path("chats/<uuid:chat_id>/delete", views.delete, name="chat-delete"),
]
