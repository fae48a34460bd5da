"""Reads the parameters and files of a request in the three encodings the Bot API accepts."""

import json
from email.message import Message
from urllib.parse import parse_qsl

from tests.fakes.telegram_types import Json, bad_request


def read_body(content_type: str, body: bytes, query: str) -> tuple[Json, dict[str, bytes]]:
    """Return raw parameters (query string and body together) and uploaded files by part name."""
    raw = _pairs(query)
    if not body:
        return raw, {}
    header = Message()
    header["content-type"] = content_type
    kind = header.get_content_type()
    files: dict[str, bytes] = {}
    if kind == "application/json":
        found = _json_object(body)
    elif kind == "application/x-www-form-urlencoded":
        found = _pairs(_decoded(body))
    elif kind == "multipart/form-data":
        found, files = _multipart(body, str(header.get_param("boundary", "")))
    else:
        raise bad_request(f"unsupported content type {kind}")
    if doubled := raw.keys() & found.keys():
        raise bad_request(f"parameters {sorted(doubled)} are given twice")
    return raw | found, files


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


def _json_object(body: bytes) -> Json:
    try:
        found = json.loads(_decoded(body))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise bad_request("can't parse request JSON object")
    return found


def _pairs(encoded: str) -> Json:
    found: Json = {}
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        if encoded:
            raise bad_request("can't parse form") from None
        pairs = []
    for name, value in pairs:
        if name in found:
            raise bad_request(f'parameter "{name}" is given twice')
        found[name] = value
    return found


def _multipart(body: bytes, boundary: str) -> tuple[Json, dict[str, bytes]]:
    """Split by hand, since the e-mail parser may change line ends inside binary parts."""
    fields: Json = {}
    files: dict[str, bytes] = {}
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if not boundary or len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise bad_request("can't parse multipart form")
    for piece in pieces[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        header = Message()
        for line in _decoded(head).split("\r\n"):
            key, _, value = line.partition(":")
            header[key.strip()] = value.strip()
        name = header.get_param("name", header="content-disposition")
        if not isinstance(name, str) or name in fields or name in files:
            raise bad_request("can't parse multipart form")
        if header.get_param("filename", header="content-disposition") is None:
            fields[name] = _decoded(content)
        else:
            files[name] = content
    return fields, files
