"""Files of documents that were just forgotten, kept for a minute so that forgetting can be undone."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import threading
from pathlib import Path

from core.errors import DataError
from core.originals import original_file
from core.types import Document
from serve.errors import NotFound
from serve.service import Service
from serve.work.jobs import IngestJob

UNDO_S = 60.0
_ID = re.compile(r"[0-9a-f]{24}")
_ABOUT = "about.json"


class ForgottenFiles:
    """Copies of originals; those that a stopped server left are removed when the next one starts.

    Args:
        service: Adds a document again as a job.
        keep_s: How long a copy is kept.
    """

    def __init__(self, service: Service, keep_s: float = UNDO_S) -> None:
        self._service = service
        self._keep_s = keep_s
        self._root = service.home.root / "serve" / "forgotten"
        shutil.rmtree(self._root, ignore_errors=True)

    def keep(self, document: Document) -> str:
        """Copy a document's original and return what undoes its removal; empty where there is no original."""
        original = original_file(self._service.home, document.sha256, document.doc)
        if not original.is_file():
            return ""
        undo = secrets.token_hex(12)
        folder = self._root / undo
        folder.mkdir(parents=True)
        shutil.copyfile(original, folder / Path(document.doc).name)
        about = {"doc": Path(document.doc).name, "source": document.source, "collection": document.collection}
        (folder / _ABOUT).write_text(json.dumps(about), encoding="utf-8")
        timer = threading.Timer(self._keep_s, self.drop, [undo])
        timer.daemon = True
        timer.start()
        return undo

    def restore(self, undo: str, who: str) -> IngestJob:
        """Add a forgotten document again, as a job.

        Raises:
            NotFound: The time to undo is over.
        """
        folder = self._root / undo
        try:
            if not _ID.fullmatch(undo):
                raise DataError("not an undo")
            about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            job_id = self._service.jobs.new_id()
            target = self._service.jobs.folder(job_id) / "0" / about["doc"]
            target.parent.mkdir(parents=True)
            shutil.move(folder / about["doc"], target)
        except (OSError, ValueError, DataError) as error:
            message = "the document can no longer be brought back"
            raise NotFound(message, hint="kb ingest PATH", click="add it again under Documents") from error
        self.drop(undo)
        items = [{"path": str(target), "source": about["source"]}]
        return self._service.add_job(job_id, items, who=who, collection=about["collection"])

    def drop(self, undo: str) -> None:
        """Remove a copy."""
        if undo:
            shutil.rmtree(self._root / undo, ignore_errors=True)
