"""Programs that write a file in ways no ordinary tool can be told to.

    writers.py slow|resumed|mapped|firefox|chrome FILE TARGET [PIECE_BYTES PAUSE_SECONDS]
"""

import mmap
import os
import sys
import time


def slow(content, target, piece, pause):
    """Holds the file open and writes a piece at a time; flushed, so that others see each."""
    with open(target, "wb") as file:
        pour(content, file, piece, pause)


def resumed(content, target, piece, pause):
    """Goes on where another left off."""
    with open(target, "ab") as file:
        pour(content[file.tell():], file, piece, pause)


def mapped(content, target, piece, pause):
    """The whole size at first, then the content through memory, of which the file system tells nobody."""
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    os.ftruncate(descriptor, len(content))
    with mmap.mmap(descriptor, len(content)) as memory:
        os.close(descriptor)
        for start in range(0, len(content), piece):
            memory[start:start + piece] = content[start:start + piece]
            time.sleep(pause)


def firefox(content, target, piece, pause):
    """An empty file that keeps the name, and another beside it that is renamed over it at the end."""
    open(target, "wb").close()
    download(content, target, target + ".part", piece, pause)


def chrome(content, target, piece, pause):
    """A file under a name of its own that is renamed at the end."""
    download(content, target, os.path.join(os.path.dirname(target), f"Unconfirmed {os.getpid()}.crdownload"), piece, pause)


def download(content, target, temporary, piece, pause):
    with open(temporary, "wb") as file:
        pour(content, file, piece, pause)
    os.rename(temporary, target)


def pour(content, file, piece, pause):
    for start in range(0, len(content), piece):
        file.write(content[start:start + piece])
        file.flush()
        time.sleep(pause)


manner, path, target = sys.argv[1:4]
piece, pause = (int(sys.argv[4]), float(sys.argv[5])) if len(sys.argv) > 5 else (1 << 18, 0.1)
with open(path, "rb") as source:
    content = source.read()
{"slow": slow, "resumed": resumed, "mapped": mapped, "firefox": firefox, "chrome": chrome}[manner](content, target, piece, pause)
