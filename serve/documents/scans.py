"""Reads pages without a text layer from their image, for a document that is there already."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.types import Document
from serve.errors import NotFound
from serve.service import Service
from serve.work.jobs import IngestJob


def read_scans(service: Service, document: Document, who: str) -> IngestJob:
    """Store a job that reads a document again, with OCR where a page has no text layer.

    Raises:
        NotFound: The server keeps no file of it.
    """
    original = service.home.original(document.sha256, document.doc)
    if not original.is_file():
        message = f"the file of {document.doc} is not kept here"
        raise NotFound(message, hint="kb ingest --ocr PATH", click="forget it, then add it again under Documents")
    job_id = service.jobs.new_id()
    target = service.jobs.folder(job_id) / "0" / Path(document.doc).name
    target.parent.mkdir(parents=True)
    shutil.copyfile(original, target)
    items = [{"path": str(target), "source": document.source, "ocr": "yes"}]
    return service.add_job(job_id, items, who=who, collection=document.collection)
