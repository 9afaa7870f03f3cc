from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "sharing"
    verbose_name = "Share links"

    def ready(self) -> None:
        from sharing import company, deleting  # noqa: F401, PLC0415 - they listen to chats and to rows
