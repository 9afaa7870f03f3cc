"""What the pages share on which a table is looked at before it is taken over."""

from collections.abc import Sequence
from typing import Final

from accounts.principal import PrincipalRequest
from benchsessions.forms.tables import ColumnsForm, UploadForm
from benchsessions.models import QuestionSet, Upload
from benchsessions.queries import analyst_of
from benchsessions.uploads import keep_upload, table_of
from tenants.exceptions import ParleyError

PREVIEWED: Final = 10
FAULTS_SHOWN: Final = 50


def sent_upload(request: PrincipalRequest, form: UploadForm, question_set: QuestionSet | None = None) -> Upload | None:
    """Keep the table that a form brings; None where none is brought, or one that cannot be read, as the form says."""
    if request.method != "POST" or not form.is_valid():
        return None
    name, data = form.table_file()
    try:
        return keep_upload(owner=analyst_of(request.user), name=name, data=data, question_set=question_set)
    except ParleyError as error:
        form.refuse(error)
        return None


def columns_form(request: PrincipalRequest, upload: Upload, allowed: Sequence[str]) -> ColumnsForm:
    """Return the form that says what the columns of a table are, as it was sent or as it guesses."""
    table = table_of(upload)
    if request.method != "POST":
        return ColumnsForm(table=table, allowed=allowed)
    return ColumnsForm(request.POST, table=table.headed("has_header" in request.POST), allowed=allowed)
