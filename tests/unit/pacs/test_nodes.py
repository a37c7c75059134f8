"""Descriptions of archives: what is whole, what is refused, and the user's list of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.errors import SSLStudioError
from sslstudio.pacs.nodes import NodeStore, PacsNode, make_node, nodes_file
from sslstudio.settings import settings_file

WEB = {"name": "Web", "url": "https://pacs.example/dicom-web"}
DIMSE = {"name": "Old", "kind": "dimse", "host": "10.0.0.7", "port": 104, "called_ae": "PACS"}


def test_nodes_survive_the_file_and_hold_no_password(tmp_path: Path) -> None:
    store = NodeStore(tmp_path / "folder" / "pacs.json")
    assert store.all() == ()
    web, old = make_node(**WEB, user="reader"), make_node(**DIMSE)
    store.put(web)
    store.put(old)
    assert NodeStore(tmp_path / "folder" / "pacs.json").all() == (web, old)
    assert not any("password" in name for name in PacsNode.model_fields)
    store.put(make_node(**{**WEB, "name": "New name"}), replaces="web")
    assert [node.name for node in store.all()] == ["New name", "Old"]
    store.remove("OLD")
    assert [node.name for node in store.all()] == ["New name"]


def test_the_list_belongs_to_the_user_and_stands_beside_the_settings() -> None:
    assert nodes_file().parent == settings_file().parent
    NodeStore().put(make_node(**WEB))
    assert NodeStore().get("web").url == WEB["url"]


def test_names_are_unique_and_unknown_ones_are_named(tmp_path: Path) -> None:
    store = NodeStore(tmp_path / "pacs.json")
    store.put(make_node(**WEB))
    with pytest.raises(SSLStudioError, match="WEB is set up already") as twice:
        store.put(make_node(**{**DIMSE, "name": "WEB"}))
    assert twice.value.code == "node_exists"
    with pytest.raises(SSLStudioError, match="no archive called other"):
        store.get("other")
    with pytest.raises(SSLStudioError):
        store.remove("other")


def test_a_damaged_list_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "pacs.json"
    path.write_text('{"nodes": [{"name": "x", "password": "secret"}]}', encoding="utf-8")
    with pytest.raises(SSLStudioError) as damaged:
        NodeStore(path).put(make_node(**WEB))
    assert damaged.value.code == "bad_nodes_file" and "secret" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({**WEB, "url": "pacs.example"}, "http:// or https://"),
        ({**WEB, "url": "ftp://pacs.example"}, "http:// or https://"),
        ({**WEB, "url": "http://"}, "http:// or https://"),
        ({**WEB, "url": "http://pacs:99999/"}, "http:// or https://"),
        ({**WEB, "url": "https://me:secret@pacs.example"}, "user in its own field"),
        ({**WEB, "url": "https://pacs.example?x=1"}, "Leave ?"),
        ({**DIMSE, "host": ""}, "host name"),
        ({**DIMSE, "host": "a b"}, "host name"),
        ({**DIMSE, "called_ae": ""}, "AE title of the archive"),
        ({**DIMSE, "calling_ae": ""}, "AE title for this computer"),
        ({**DIMSE, "called_ae": "SEVENTEEN LETTERS"}, "called ae"),
        ({**DIMSE, "called_ae": "BACK\\SLASH"}, "called ae"),
        ({**DIMSE, "port": 0}, "port"),
        ({**WEB, "name": ""}, "name"),
        ({**DIMSE, "retrieve": "move", "tls": True}, "a certificate for this computer"),
    ],
)
def test_what_is_missing_is_said(values: dict[str, object], part: str) -> None:
    with pytest.raises(SSLStudioError) as error:
        make_node(**values)
    assert error.value.code == "bad_node" and part in error.value.message
    assert "secret" not in str(error.value)


@given(st.text(max_size=20))
def test_no_title_can_break_out_of_its_field(title: str) -> None:
    try:
        node = make_node(**{**DIMSE, "called_ae": title})
    except SSLStudioError:
        return
    assert len(node.called_ae) <= 16 and node.called_ae.isascii() and "\\" not in node.called_ae


def test_what_a_person_reads_of_a_node() -> None:
    assert make_node(**DIMSE).address == "PACS at 10.0.0.7:104"
    assert make_node(**WEB).encrypted and not make_node(**{**WEB, "url": "http://10.1.1.1/x"}).encrypted
    assert make_node(**{**WEB, "url": "http://localhost:8042/dicom-web"}).local and not make_node(**WEB).local
