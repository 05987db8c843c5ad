"""Downloads of video models: the real hub client against a small server that speaks the hub's protocol."""

from __future__ import annotations

import hashlib
import http.server
import json
import re
import threading
from pathlib import Path

import pytest

from backend.api.video_model import VideoModel, VideoModelParams
from backend.context import Cancelled, JobContext
from backend.jobs import video_model as job
from backend.video.generation.download import download, wanted_files
from tests.backend.toy_video_models import save

REPOSITORY = "someone/toy-ltx"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(http.server.ThreadingHTTPServer):
    """Serves one repository's files from memory and notes each request for a file: (name, first byte asked for)."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.files = files
        self.asked: list[tuple[str, int]] = []
        self.gated = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


def _entry(name: str, data: bytes) -> dict:
    """What the hub says of a file; of weights the checksum too."""
    entry = {"rfilename": name, "size": len(data)}
    if name.endswith(".safetensors"):
        entry["lfs"] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "pointerSize": 130}
    return entry


class _Answers(http.server.BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def log_message(self, *_given):
        pass

    def _answer(self, body: bool):
        if self.server.gated:
            self._send(403, b"{}", {"X-Error-Code": "GatedRepo"}, body)
            return
        if self.path.startswith(f"/api/models/{REPOSITORY}"):
            entries = [_entry(name, data) for name, data in self.server.files.items()]
            about = {"id": REPOSITORY, "modelId": REPOSITORY, "sha": COMMIT, "siblings": entries}
            self._send(200, json.dumps(about).encode(), {"Content-Type": "application/json"}, body)
            return
        found = re.fullmatch(rf"/{REPOSITORY}/resolve/{COMMIT}/(.+)", self.path)
        if not found or found[1] not in self.server.files:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"}, body)
            return
        name = found[1]
        data = self.server.files[name]
        start = int(re.match(r"bytes=(\d+)-", self.headers.get("Range", "bytes=0-"))[1])
        headers = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if body:
            self.server.asked.append((name, start))
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self._send(206 if start else 200, data[start:], headers, body)

    def _send(self, status: int, data: bytes, headers: dict[str, str], body: bool):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(data)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub with a toy model, and with what real repositories hold besides: pictures, pickles, a single large file."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    folder = save("ltx", tmp_path)
    files = {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
    files |= {"README.md": b"# toy", "media/plant.gif": b"GIF89a", "ltx-single-file.safetensors": b"0" * 1000}
    files["text_encoder/pytorch_model.bin"] = b"\x80\x04."
    server = Hub(files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_model_arrives_whole_and_without_what_is_not_needed(hub, tmp_path):
    """Settings and safetensors of the parts arrive, nothing else; progress counts up to all bytes; a model to load."""
    told = []
    model = download(REPOSITORY, tmp_path / "got", lambda there, total: told.append((there, total)), hub.address)
    got = {str(f.relative_to(model.path)) for f in model.path.rglob("*") if f.is_file() and not f.name.startswith(".")}
    skipped = {"README.md", "media/plant.gif", "ltx-single-file.safetensors", "text_encoder/pytorch_model.bin"}
    assert got == set(hub.files) - skipped
    assert all((model.path / name).read_bytes() == hub.files[name] for name in got)
    total = sum(len(hub.files[name]) for name in got)
    assert told[-1] == (total, total) and all(a[0] <= b[0] for a, b in zip(told, told[1:], strict=False))


def test_a_stopped_download_goes_on(hub, tmp_path, monkeypatch):
    """Cancelled within a file, it asks for the rest of that file, and for no file that is there."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 4096)
    largest = max((name for name in hub.files if name.endswith("model.safetensors")), key=lambda n: len(hub.files[n]))
    hub.files[largest] += b"\0" * 100_000  # room for many pieces

    pieces = []

    def stop(there, _total):
        if hub.asked and hub.asked[-1][0] == largest:
            pieces.append(there)
        if len(pieces) > 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        download(REPOSITORY, tmp_path / "got", stop, hub.address)
    had = {name for name, _start in hub.asked} - {largest}
    hub.asked.clear()
    download(REPOSITORY, tmp_path / "got", lambda *_: None, hub.address)
    starts = dict(hub.asked)
    assert had and not had & set(starts)
    assert 0 < starts[largest] < len(hub.files[largest])
    assert (tmp_path / "got" / largest).read_bytes() == hub.files[largest]


def test_a_damaged_file_is_not_kept(hub, tmp_path):
    """Weights that arrive with another checksum are refused by name, and fetched anew the next time."""
    name = "vae/diffusion_pytorch_model.safetensors"
    whole = hub.files[name]
    folder = tmp_path / "got"
    (folder / "vae").mkdir(parents=True)
    (folder / (name + ".part")).write_bytes(b"\0" * 1000 + whole[1000:2000])
    with pytest.raises(ValueError, match=f"{name} of {REPOSITORY} arrived damaged; try again"):
        download(REPOSITORY, folder, lambda *_: None, hub.address)
    model = download(REPOSITORY, folder, lambda *_: None, hub.address)
    assert (model.path / name).read_bytes() == whole


def test_weights_in_16_bits_are_taken_where_both_are_there():
    """Of two precisions the smaller; a part with one has that; no pickles; nothing of parts that are not listed."""
    index = json.dumps(
        {"_class_name": "X", "unet": ["diffusers", "U"], "vae": ["diffusers", "V"], "none": [None, None]}
    )
    names = [
        "unet/config.json",
        "unet/d.safetensors",
        "unet/d.fp16-00001-of-00001.safetensors",
        "unet/d.safetensors.index.fp16.json",
        "unet/d.bin",
        "vae/config.json",
        "vae/d.safetensors",
        "none/d.safetensors",
        "other/d.safetensors",
    ]
    assert wanted_files(names, index) == [
        "model_index.json",
        "unet/config.json",
        "unet/d.fp16-00001-of-00001.safetensors",
        "unet/d.safetensors.index.fp16.json",
        "vae/config.json",
        "vae/d.safetensors",
    ]


def test_closed_and_missing_models_are_told_in_a_sentence(hub, tmp_path):
    """A licence to be accepted on the page, a name that is none, a server that is not there."""
    with pytest.raises(ValueError, match="There is no model nobody/nothing"):
        download("nobody/nothing", tmp_path / "a", lambda *_: None, hub.address)
    hub.gated = True
    with pytest.raises(ValueError, match="accept its licence on its page, run 'hf auth login'"):
        download(REPOSITORY, tmp_path / "b", lambda *_: None, hub.address)
    with pytest.raises(ValueError, match="could not be downloaded .*try again, it goes on where it stopped"):
        download(REPOSITORY, tmp_path / "c", lambda *_: None, "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"accept": True}, "stay offline; allow Online Access under Preferences"),
        ({"online": True}, "LTX-Video 2B comes under the LTX-Video Open Weights License; read it and accept it"),
    ],
)
def test_nothing_is_fetched_without_network_permission_and_licence(tmp_path: Path, given, words):
    """The job asks for both before it does anything."""
    with pytest.raises(ValueError, match=words):
        job.run(VideoModelParams(model=VideoModel.ltx, **given), {}, JobContext("j", tmp_path, lambda _m: None))
    assert not list(tmp_path.iterdir())


def test_every_model_on_offer_names_its_licence():
    """No weights without a licence, its terms in short, and the page where it stands."""
    for model in VideoModel:
        offer = model.offer
        assert offer.licence and len(offer.terms) > 40 and offer.page.startswith("https://huggingface.co/")
