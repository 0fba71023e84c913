"""Documents, pages and chunks of a run: found by quote, by id, and in the seed's order."""

from __future__ import annotations

import pytest

from core.types import Page
from synth.work.places import Places
from tests.support.club import PAGES, QUAY, RACKS, chunks, citation, document, sha256_of, workspace
from tests.support.table_pages import table_page


@pytest.fixture
def places(tmp_path):
    places = Places(tmp_path / "deep" / "work.sqlite", seed=0)
    yield places
    places.close()


def add(places: Places, doc: str = "club.pdf", *, reverse: bool = False) -> str:
    pages = [Page(index=index, text=text) for index, text in enumerate(PAGES[doc])]
    places.add_document(document(doc), reversed(pages) if reverse else pages, chunks(doc))
    return sha256_of(doc)


def test_the_file_is_made_anew_and_gone_at_the_end(places):
    add(places)
    assert places.path.is_file()
    places.close()
    assert not places.path.exists()
    places.path.write_bytes(b"left by a run that was killed")
    again = Places(places.path, seed=0)
    assert again.count("documents") == 0
    again.close()


def test_pages_come_in_order_however_they_were_added(places):
    sha256 = add(places, reverse=True)
    assert [page.index for page in places.pages(sha256)] == [0, 1]
    assert [page.text for page in places.pages(sha256)] == PAGES["club.pdf"]


def test_an_unknown_page_is_empty_text(places):
    assert places.page_text(add(places), 9) == ""


def test_a_block_of_changes_is_kept_even_where_it_fails(places):
    with pytest.raises(ZeroDivisionError), places.bulk():
        add(places)
        with places.bulk():  # one transaction, the outer one
            add(places, "museum.pdf")
        assert places.db.in_transaction
        raise ZeroDivisionError
    assert not places.db.in_transaction
    assert places.count("documents") == 2


def test_part_and_split_of_a_document(places):
    sha256 = add(places)
    assert places.part_of(sha256) == ("", "train")
    assert places.part_of("0" * 64) == ("", "train")
    places.db.execute("UPDATE documents SET part='p1', split='test'")
    assert places.part_of(sha256) == ("p1", "test")


def test_no_other_chunk_where_the_collection_has_one_page(tmp_path):
    places = Places(tmp_path / "one.sqlite", seed=0)
    add(places, "museum.pdf")
    assert all(places.other_chunk(source) is None for source in places.chunks_in_order())
    places.close()


def test_a_quote_is_found_in_the_chunk_in_which_it_is_most_central(tmp_path):
    work = workspace(tmp_path, size=60)
    source = work.source_of(RACKS.evidence[0])
    assert source is not None
    assert source.holds(RACKS.evidence[0])
    assert source.text == PAGES["club.pdf"][0][source.start : source.end]
    assert source.header == "Rules"
    assert source.opening.startswith("The Harbour Office\nRowing Club Rules.")


def test_a_quote_across_chunks_extends_the_passage(tmp_path):
    work = workspace(tmp_path, size=30)
    source = work.source_of(RACKS.evidence[0])
    assert source is not None
    assert source.start <= RACKS.evidence[0].start
    assert source.end >= RACKS.evidence[0].end


def test_a_quote_on_an_unknown_page_has_no_passage(tmp_path):
    work = workspace(tmp_path)
    away = RACKS.evidence[0].__class__(doc="x", sha256="0" * 64, page=0, start=0, end=4, quote="none")
    assert work.source_of(away) is None


def test_chunks_come_in_an_order_that_the_seed_decides(tmp_path):
    orders = []
    for seed in (0, 0, 1, 2, 3):
        folder = tmp_path / f"{len(orders)}"
        folder.mkdir()
        work = workspace(folder, seed, size=40)
        orders.append([source.chunk for source in work.chunks_in_order()])
        work.close()
    assert orders[0] == orders[1]
    assert len({tuple(order) for order in orders}) > 1
    assert len({frozenset(order) for order in orders}) == 1


def test_shared_chunks_make_no_rows(tmp_path):
    work = workspace(tmp_path)
    first = next(work.chunks_in_order())
    work.db.execute("UPDATE chunks SET shared=1 WHERE id=?", (first.chunk,))
    assert first.chunk not in {source.chunk for source in work.chunks_in_order()}


def test_another_chunk_is_on_another_page(tmp_path):
    work = workspace(tmp_path)
    for source in list(work.chunks_in_order()):
        other = work.other_chunk(source)
        assert other is not None
        assert (other.sha256, other.page) != (source.sha256, source.page)


def test_pages_and_counts(tmp_path):
    work = workspace(tmp_path)
    sha256 = sha256_of("club.pdf")
    assert [page.text for page in work.pages(sha256)] == PAGES["club.pdf"]
    assert work.page_text(sha256, 1) == PAGES["club.pdf"][1]
    assert work.page_text(sha256, 9) == ""
    assert (work.count("documents"), work.count("pages"), work.count("chunks")) == (2, 3, 3)
    assert work.part_of(sha256) == ("", "train")
    assert work.part_of("unknown") == ("", "train")


def test_a_bulk_write_is_kept_even_where_it_fails_and_may_be_nested(tmp_path):
    work = workspace(tmp_path)
    with pytest.raises(RuntimeError), work.bulk(), work.bulk():
        work.db.execute("UPDATE documents SET part='p'")
        raise RuntimeError("halfway")
    assert not work.db.in_transaction
    assert work.part_of(sha256_of("club.pdf")) == ("p", "train")


def test_the_file_is_deleted_at_the_end_and_an_old_one_is_replaced(tmp_path):
    work = workspace(tmp_path)
    assert work.path.exists()
    work.close()
    assert not work.path.exists()
    (tmp_path / "work.sqlite").write_bytes(b"of a run that was cut off")
    again = workspace(tmp_path)
    assert again.source_of(citation("62 m", page=1)) is not None
    assert again.source_of(QUAY.evidence[0]) is not None


def test_tables_of_a_page_are_kept(places):
    page = table_page("Table 1. Fees", (("Fee", "Euro"), ("Berth", "45")))
    places.add_document(document("club.pdf"), [page, Page(index=1, text="None here.")], [])
    assert places.tables(sha256_of("club.pdf"), 0) == list(page.blocks)
    assert places.tables(sha256_of("club.pdf"), 1) == places.tables("none", 0) == []
