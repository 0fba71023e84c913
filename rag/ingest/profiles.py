"""Describes a stored document for the router of searches, from its name, title and first pages."""

from __future__ import annotations

from rag.catalogue.writer import Catalogue
from rag.search.profile import PROFILE_PAGES, build_profile


def write_profile(catalogue: Catalogue, document: int) -> None:
    """Build the profile of a document by row id anew and store it, in the caller's transaction where there is one."""
    known = catalogue.document_by_id(document)
    first = [page.text for page in catalogue.first_pages(document, PROFILE_PAGES)]
    profile = build_profile(known.sha256, known.doc, known.title, known.metadata, first)
    catalogue.set_profile(document, profile.to_json())
