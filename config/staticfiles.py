"""How static files are named in production."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Names that change with the content, also where one script imports another."""

    support_js_module_import_aggregation = True
