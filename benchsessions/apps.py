from django.apps import AppConfig


class BenchSessionsConfig(AppConfig):
    name = "benchsessions"
    verbose_name = "Bench sessions"
