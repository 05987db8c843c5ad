"""Downloads that go on where they broke off. A script of its own, run by the backend's Python; standard library only.

    python installing_download.py LIST FOLDER

LIST is a JSON list of {"url", "sha256", "name"}. Each line of its output is a JSON object: {"total": bytes}, then
{"done": bytes, "name": file}, and {"failed": file, "error": text} where it gives up. It ends when stdin closes.
"""

from __future__ import annotations

import hashlib
import json
import os
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TRIES, PAUSE = 6, 2.0
"""Attempts at each file, and seconds to wait before the second one; twice as long before each further one."""
BLOCK = 1 << 18
TIMEOUT = 60
REPORT_EVERY = 0.2


class Mismatch(Exception):
    """What arrived is not what was announced."""


def certificates() -> ssl.SSLContext:
    """Trust what pip trusts: the person's own file when one is set, else the one that pip brings."""
    chosen = next((os.environ[k] for k in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE") if os.environ.get(k)), "")
    if not chosen:
        try:
            from pip._vendor import certifi  # type: ignore[import-not-found]

            chosen = certifi.where()
        except ImportError:
            return ssl.create_default_context()
    return ssl.create_default_context(cafile=chosen)


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class Fetcher:
    """Fetches files into a folder; `NAME.part` holds what has arrived of one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done = 0
        """Bytes of all files that are there."""
        self._context = certificates()
        self._said = 0.0

    def size(self, url: str) -> int:
        """Bytes of a file; 0 where the server does not say."""
        try:
            with self._open(url, {}, "HEAD") as answer:
                return int(answer.headers.get("Content-Length") or 0)
        except (OSError, ValueError):
            return 0

    def fetch(self, url: str, sha256: str, name: str) -> None:
        """Get one file, from where it broke off. Raises OSError or Mismatch when it cannot be had."""
        target = self.folder / name
        if target.exists() and sha256 in ("", sha256_of(target)):
            self.done += target.stat().st_size
            return
        part = self.folder / f"{name}.part"
        before = self.done
        for attempt in range(TRIES):
            self.done = before
            try:
                self._continue(url, part, name)
                if sha256 in ("", sha256_of(part)):
                    part.replace(target)
                    return
                part.unlink()
                raise Mismatch(f"{name} arrived damaged")
            except urllib.error.HTTPError as error:
                if error.code in (401, 403, 404, 410) or attempt == TRIES - 1:
                    raise
            except (OSError, Mismatch):
                if attempt == TRIES - 1:
                    raise
            time.sleep(PAUSE * 2**attempt)

    def _continue(self, url: str, part: Path, name: str) -> None:
        start = part.stat().st_size if part.exists() else 0
        try:
            answer = self._open(url, {"Range": f"bytes={start}-"} if start else {})
        except urllib.error.HTTPError as error:
            if error.code != 416:  # all of it is there already
                raise
            self.done += start
            return
        with answer:
            goes_on = answer.status == 206
            expected = int(answer.headers.get("Content-Length") or 0)
            arrived = 0
            self.done += start if goes_on else 0
            with open(part, "ab" if goes_on else "wb") as file:
                while block := answer.read(BLOCK):
                    file.write(block)
                    arrived += len(block)
                    self.done += len(block)
                    self.tell(name)
            if expected and arrived < expected:
                raise OSError("the connection ended early")

    def tell(self, name: str) -> None:
        if time.monotonic() - self._said > REPORT_EVERY:
            self._said = time.monotonic()
            say({"done": self.done, "name": name})

    def _open(self, url: str, headers: dict[str, str], method: str = "GET"):
        request = urllib.request.Request(url, headers={"Accept-Encoding": "identity", **headers}, method=method)
        if url.startswith("https:"):
            return urllib.request.urlopen(request, timeout=TIMEOUT, context=self._context)
        return urllib.request.urlopen(request, timeout=TIMEOUT)


def say(message: dict) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def leave_with_parent() -> None:
    """End when the program that started this one is gone."""

    def wait() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def main(listing: Path, folder: Path) -> int:
    leave_with_parent()
    files = json.loads(listing.read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    fetcher = Fetcher(folder)
    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(lambda file: fetcher.size(file["url"]), files))
    say({"total": sum(sizes)})
    for file in files:
        try:
            fetcher.fetch(file["url"], file["sha256"], file["name"])
        except (OSError, Mismatch) as error:
            say({"failed": file["name"], "error": str(error)})
            return 1
        say({"done": fetcher.done, "name": file["name"]})
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
