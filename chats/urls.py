"""The pages of chats."""

from django.urls import path
from django.views.generic import RedirectView

from chats.views import colleagues, lists, own, page

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="chat-list"), name="home"),
    path("chats", lists.chat_list, name="chat-list"),
    path("chats/new", lists.new_chat, name="chat-new"),
    path("chats/shared", lists.shared_list, name="chats-of-colleagues"),
    path("chats/<uuid:chat_id>", page.chat_detail, name="chat-detail"),
    path("chats/<uuid:chat_id>/attachments/<uuid:attachment_id>", page.attachment, name="chat-attachment"),
    path("chats/<uuid:chat_id>/send", page.send, name="chat-send"),
    path("chats/<uuid:chat_id>/stop", page.stop, name="chat-stop"),
    path("chats/<uuid:chat_id>/retry", page.retry, name="chat-retry"),
    path("chats/<uuid:chat_id>/rename", own.rename, name="chat-rename"),
    path("chats/<uuid:chat_id>/archive", own.archive, name="chat-archive"),
    path("chats/<uuid:chat_id>/delete", own.delete, name="chat-delete"),
    path("chats/<uuid:chat_id>/members", colleagues.members, name="chat-members"),
    path("chats/<uuid:chat_id>/leave", colleagues.leave, name="chat-leave"),
    path("chats/<uuid:chat_id>/read", colleagues.read, name="chat-read"),
]
