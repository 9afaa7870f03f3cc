"""All settings of Parley, read from the environment; each variable stands in .env.example with one line."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import environment as read

BASE_DIR = Path(__file__).resolve().parent.parent

# Environment and secrets

ENVIRONMENT = read.choice("ENVIRONMENT", "development", ("development", "production"))
PRODUCTION = ENVIRONMENT == "production"
DEBUG = read.switch("DEBUG", default=False)
DATA_DIR = read.folder("DATA_DIR", BASE_DIR / "var")

SECRET_KEY = read.text("SECRET_KEY", "")
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG must be off when ENVIRONMENT is production.")
if PRODUCTION and len(SECRET_KEY) < 40:
    raise ImproperlyConfigured("SECRET_KEY must be set to at least 40 random characters in production.")
SECRET_KEY = SECRET_KEY or read.kept_secret(DATA_DIR / "secret.key")
SECRET_KEY_FALLBACKS = read.words("SECRET_KEY_FALLBACKS")

# Each purpose has a key of its own, so that one can be changed without the others.
FIELD_KEYS = read.words("FIELD_KEYS", [read.derive(SECRET_KEY, "field")])
TOKEN_PEPPER = read.text("TOKEN_PEPPER", read.derive(SECRET_KEY, "token"))
JWT_SIGNING_KEY = read.text("JWT_SIGNING_KEY", read.derive(SECRET_KEY, "jwt"))

# Addresses

HOST = read.text("HOST", "127.0.0.1")
PORT = read.number("PORT", 8000, minimum=1, maximum=65535)
_here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(HOST, HOST)  # noqa: S104 - read, not bound: nobody can open these
_here = f"[{_here}]" if ":" in _here else _here
BASE_URL = read.address("BASE_URL", f"http://{_here}:{PORT}", ("https", "http")).rstrip("/")
ALLOWED_HOSTS = read.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]", _here])
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts in production, not '*'.")
CORS_ALLOWED_ORIGINS = read.words("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_CREDENTIALS = True
CORS_EXPOSE_HEADERS = [
    "Link",
    "X-Total-Count",
    "Retry-After",
    "Idempotent-Replayed",
    "X-Chat-Id",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
]
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "last-event-id",
    "x-api-key",
]
CSRF_TRUSTED_ORIGINS = read.words("CSRF_TRUSTED_ORIGINS")
TRUSTED_PROXY_COUNT = read.number("TRUSTED_PROXY_COUNT", 0, maximum=10)

# Applications

INSTALLED_APPS = [
    "daphne",
    "config",
    "tenants",
    "accounts",  # before Django's own: a command of ours takes the place of one of the same name
    "agents",
    "chats",
    "sharing",
    "benchsessions",
    "config.admin.ParleyAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "corsheaders",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "config.middleware.GiveBackConnection",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.Answers",
    "tenants.middleware.CrossOriginProtection",
    "tenants.middleware.PrincipalMiddleware",
    "config.middleware.LargeBodies",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# Database and channel layer

DATABASES: dict[str, dict[str, Any]] = {
    "default": read.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'parley.sqlite3'}")
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["CONN_MAX_AGE"] = None  # as long as its thread, see tenants/threads.py
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # A file of this run alone: threads that share a database in memory do not wait for each other's locks.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / f"test-{os.getpid()}.sqlite3"}
else:
    DATABASES["default"] |= {
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            "pool": {
                "min_size": 1,
                "max_size": read.number("DATABASE_POOL_SIZE", 20, minimum=2, maximum=500),
                "timeout": 10,
            },
            "connect_timeout": 5,
        },
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = read.address("REDIS_URL", "", ("redis", "rediss"))
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1000, "group_expiry": 10**9}}
}
if REDIS_URL:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": read.text("REDIS_PREFIX", "parley"), "capacity": 1000},
    }

# Signing in

AUTH_USER_MODEL = "accounts.User"
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # an e-mail is unique in its team; our backend knows
    "security.W005",  # whether other names of the domain have TLS is not ours to say
    "security.W021",
]
AUTHENTICATION_BACKENDS = ["accounts.backends.TeamBackend"]
PRINCIPAL_RESOLVER = "accounts.resolver"
SESSION_ENGINE = "accounts.sessions"
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2idHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        # It compares letters in any order: by less than this a long password would be like many a name.
        "OPTIONS": {"user_attributes": ("email", "full_name"), "max_similarity": 0.9},
    },
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "chat-list"
LOGIN_RATE_PER_MINUTE = read.number("LOGIN_RATE_PER_MINUTE", 5, minimum=1)
LOGIN_FAILURES_PER_ACCOUNT = read.number("LOGIN_FAILURES_PER_ACCOUNT", 10, minimum=1)
REGISTER_RATE_PER_HOUR = read.number("REGISTER_RATE_PER_HOUR", 60, minimum=1)
SESSION_KEY_DAYS = read.number("SESSION_KEY_DAYS", 365, minimum=1, maximum=3650)
INVITATION_DAYS = read.number("INVITATION_DAYS", 7, minimum=1, maximum=365)
PASSWORD_RESET_TIMEOUT = 60 * 60 * read.number("PASSWORD_RESET_HOURS", 2, minimum=1, maximum=72)
REFRESH_DAYS = read.number("REFRESH_DAYS", 30, minimum=1, maximum=365)
REFRESH_GRACE_SECONDS = read.number("REFRESH_GRACE_SECONDS", 10, maximum=60)
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": JWT_SIGNING_KEY,
    "ISSUER": "parley",
    "AUDIENCE": "parley",
    "ACCESS_TOKEN_LIFETIME": timedelta(seconds=read.number("ACCESS_TOKEN_SECONDS", 300, minimum=30)),
}

# Mail

_mail = read.mail("EMAIL_URL", "consolemail://")
EMAIL_BACKEND, EMAIL_FILE_PATH = _mail["EMAIL_BACKEND"], _mail["EMAIL_FILE_PATH"]
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
EMAIL_FROM = read.text("EMAIL_FROM", "Parley <parley@localhost>")
STACK_AUTH_PROJECT_ID = read.text("STACK_AUTH_PROJECT_ID", "")
STACK_AUTH_TEAM = read.text("STACK_AUTH_TEAM", "")
if bool(STACK_AUTH_PROJECT_ID) != bool(STACK_AUTH_TEAM):
    raise ImproperlyConfigured("STACK_AUTH_PROJECT_ID and STACK_AUTH_TEAM must be set together.")
STACK_AUTH_ISSUER = read.text(
    "STACK_AUTH_ISSUER", f"https://api.stack-auth.com/api/v1/projects/{STACK_AUTH_PROJECT_ID}"
)
STACK_AUTH_JWKS_URL = read.secure_address("STACK_AUTH_JWKS_URL", f"{STACK_AUTH_ISSUER}/.well-known/jwks.json")

# Cookies and headers

SECURE_COOKIES = read.switch("SECURE_COOKIES", default=PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * REFRESH_DAYS
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
SECURE_SSL_REDIRECT = read.switch("SECURE_SSL_REDIRECT", default=False)
SECURE_REDIRECT_EXEMPT = ["^healthz$"]
SECURE_HSTS_SECONDS = read.number("SECURE_HSTS_SECONDS", 31_536_000 if PRODUCTION else 0)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.PrincipalAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.IsMember"],
    "DEFAULT_PARSER_CLASSES": ["tenants.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "tenants.api.negotiation.AlwaysJSON",
    "DEFAULT_SCHEMA_CLASS": "config.schema.ContractSchema",
    "EXCEPTION_HANDLER": "config.errors.api_exception_handler",
    "UNAUTHENTICATED_USER": None,
    "DATETIME_FORMAT": "iso-8601",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Parley",
    "DESCRIPTION": "Teams, their agents and their chats. See the README for a first call with curl.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/(api|v1|mid)",
    "PATH_CONVERTER_OVERRIDES": {"number": {"type": "integer", "minimum": 0, "maximum": 999_999_999}},
    "ENUM_NAME_OVERRIDES": {
        "AgentKindEnum": "agents.models.AgentKind",
        "ItemStatusEnum": "benchsessions.models.ItemStatus",
        "RoleEnum": "accounts.models.Role",
        "MessageRoleEnum": "chats.models.MessageRole",
        "MessageStatusEnum": "chats.models.MessageStatus",
    },
}

# Limits

MAX_BODY_BYTES = read.number("MAX_BODY_BYTES", 3 * 2**20, minimum=1024)
MAX_JSON_DEPTH = read.number("MAX_JSON_DEPTH", 64, minimum=4, maximum=200)
MAX_MESSAGE_CHARS = read.number("MAX_MESSAGE_CHARS", 65_536, minimum=1)
MAX_AVATAR_BYTES = read.number("MAX_AVATAR_BYTES", 2 * 2**20, minimum=1024)
MAX_ATTACHMENTS = read.number("MAX_ATTACHMENTS", 5, minimum=1, maximum=50)
MAX_ATTACHMENT_BYTES = read.number("MAX_ATTACHMENT_BYTES", 5 * 2**20, minimum=1024, maximum=50 * 2**20)
MAX_HISTORY_ATTACHMENT_BYTES = read.number("MAX_HISTORY_ATTACHMENT_BYTES", 10 * 2**20)
# A message with its files: as base64 in JSON they are a third larger.
MAX_UPLOAD_BYTES = MAX_BODY_BYTES + MAX_ATTACHMENTS * MAX_ATTACHMENT_BYTES * 4 // 3
MAX_BENCH_BODY_BYTES = read.number("MAX_BENCH_BODY_BYTES", 32 * 2**20, minimum=1024, maximum=256 * 2**20)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # a box for each person of a large team
DATA_UPLOAD_MAX_NUMBER_FILES = 1000  # what is too many for a message is said by the chat

# Agents and their runs

AGENT_ALLOWED_HOSTS = read.hosts_with_port("AGENT_ALLOWED_HOSTS")
AGENT_ALLOWED_CIDRS = read.networks("AGENT_ALLOWED_CIDRS")
AGENT_REQUIRE_HTTPS = read.switch("AGENT_REQUIRE_HTTPS", default=False)
AGENT_USER_AGENT = read.text("AGENT_USER_AGENT", "Mozilla/5.0 (compatible; Parley/1.0)")
RUN_LEASE_SECONDS = read.number("RUN_LEASE_SECONDS", 15, minimum=2)
RUN_SNAPSHOT_SECONDS = read.number("RUN_SNAPSHOT_SECONDS", 2, minimum=1, maximum=10)
if RUN_LEASE_SECONDS < 2 * RUN_SNAPSHOT_SECONDS:
    raise ImproperlyConfigured("RUN_LEASE_SECONDS must be at least twice RUN_SNAPSHOT_SECONDS, which renews the lease.")
SHUTDOWN_GRACE_SECONDS = read.number("SHUTDOWN_GRACE_SECONDS", 5)
MAX_RUNS_PER_PROCESS = read.number("MAX_RUNS_PER_PROCESS", 2000, minimum=1)
AGENT_BREAKER_FAILURES = read.number("AGENT_BREAKER_FAILURES", 10, maximum=1000)
AGENT_BREAKER_PAUSE_SECONDS = read.number("AGENT_BREAKER_PAUSE_SECONDS", 30, minimum=1, maximum=600)
AGENT_QUEUE_SECONDS = read.number("AGENT_QUEUE_SECONDS", 600, minimum=1)
TEAM_RUNS_AT_ONCE = read.number("TEAM_RUNS_AT_ONCE", 0)

# Share links

SHARE_LEASE_SECONDS = read.number("SHARE_LEASE_SECONDS", 60, minimum=10, maximum=3600)
SHARE_MISSES_PER_MINUTE = read.number("SHARE_MISSES_PER_MINUTE", 30, minimum=1)
SHARE_JOINS_PER_MINUTE = read.number("SHARE_JOINS_PER_MINUTE", 600, minimum=1)
SHARE_MESSAGES_PER_VISITOR = read.number("SHARE_MESSAGES_PER_VISITOR", 10, minimum=1)
SHARE_MESSAGES_PER_ROOM = read.number("SHARE_MESSAGES_PER_ROOM", 30, minimum=1)
SHARE_MESSAGE_CHARS = read.number("SHARE_MESSAGE_CHARS", 8_000, minimum=1)

# Bench sessions

BENCH_MAX_QUESTIONS = read.number("BENCH_MAX_QUESTIONS", 5_000, minimum=1, maximum=100_000)
BENCH_MAX_CONCURRENT = read.number("BENCH_MAX_CONCURRENT", 16, minimum=1, maximum=100)
BENCH_KEEP_DELETED_DAYS = read.number("BENCH_KEEP_DELETED_DAYS", 30, maximum=3650)

# Static files, language, log

STATIC_URL = "/static/"
STATIC_ROOT = Path(read.text("STATIC_ROOT", str(DATA_DIR / "static"))).expanduser().absolute()
if not STATIC_ROOT.is_dir():  # one that is there may well be read-only
    STATIC_ROOT = read.folder("STATIC_ROOT", STATIC_ROOT)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if not PRODUCTION
            else "config.staticfiles.HashedFiles"
        )
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский")]  # of the bench; all else is in English
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True
LOG_LEVEL = read.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.logs.TokenlessFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "filters": {"refusals_warn": {"()": "config.logs.RefusalsWarn"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": LOG_LEVEL},  # in place of Django's own handlers, which write in another form
        "django.request": {"filters": ["refusals_warn"]},
        "django.server": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
    },
}
