"""The addresses of the chat contract."""

from rest_framework.routers import SimpleRouter

from chats.api.views import ChatViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("chats", ChatViewSet, basename="api-chat")
urlpatterns = router.urls
