from django.urls import path

from accounts.api.v1 import keys, sync

urlpatterns = [
    path("auth/api-keys", keys.KeyListView.as_view(), name="v1-api-keys"),
    path("auth/api-keys/<uuid:key_id>", keys.KeyView.as_view(), name="v1-api-key"),
    path("auth/sync-oauth-user", sync.OAuthSyncView.as_view(), name="v1-sync-oauth-user"),
    path("auth/sync-stack-user", sync.StackSyncView.as_view(), name="v1-sync-stack-user"),
]
