"""The addresses of OpenAI's API."""

from django.urls import path

from chats.completions.views import CompletionsView, ModelsView, ModelView, ResponsesView

urlpatterns = [
    path("models", ModelsView.as_view(), name="models"),
    path("models/<path:model>", ModelView.as_view(), name="model"),
    path("chat/completions", CompletionsView.as_view(), name="chat-completions"),
    path("responses", ResponsesView.as_view(), name="responses"),
]
