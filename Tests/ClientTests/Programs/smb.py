"""An SMB2 client that goes about a copy as Explorer or Finder do.

    smb.py PORT explorer|finder FILE REMOTE [--halt]

REMOTE is a path of the share named `share`, with slashes. With --halt it stops in the middle and holds the file open until it is
killed. Neither program runs on Linux; these are the calls they make, in their order.
"""

import os
import sys
import time

from impacket.smb3structs import (
    DELETE, FILE_NON_DIRECTORY_FILE, FILE_OPEN, FILE_OVERWRITE_IF, FILE_READ_ATTRIBUTES, FILE_READ_DATA, FILE_SHARE_DELETE,
    FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA, READ_CONTROL, SMB2_0_INFO_FILE,
    SMB2_FILE_BASIC_INFO, SMB2_FILE_END_OF_FILE_INFO, SYNCHRONIZE,
)
from impacket.smbconnection import SMBConnection

READ = FILE_READ_DATA | FILE_READ_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE
WRITE = READ | FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES | DELETE
SHARED = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE
PIECE = 1 << 16

# What Finder writes as `._NAME` where the server keeps no extended attributes: an AppleDouble file with room for Finder's information.
APPLE_DOUBLE = (bytes.fromhex("0005160700020000") + b"Mac OS X        " + bytes.fromhex("0001" "00000009" "00000026" "00000020")
                ).ljust(4096, b"\0")


class Share:
    def __init__(self, port):
        connection = SMBConnection("127.0.0.1", "127.0.0.1", sess_port=int(port), preferredDialect=0x0210)
        connection.login("", "")
        self.smb = connection.getSMBServer()
        self.tree = self.smb.connectTree("share")

    def open(self, path, access, disposition):
        return self.smb.create(
            self.tree, path.replace("/", "\\"), access, SHARED, FILE_NON_DIRECTORY_FILE, disposition, 0)

    def close(self, file):
        self.smb.close(self.tree, file)

    def write(self, file, content, start=0, end=None):
        for offset in range(start, len(content) if end is None else end, PIECE):
            piece = content[offset:offset + PIECE]
            self.smb.write(self.tree, file, piece, offset, bytesToWrite=len(piece))

    def set_size(self, file, size):
        self.smb.setInfo(self.tree, file, inputBlob=size.to_bytes(8, "little"), infoType=SMB2_0_INFO_FILE,
                         fileInfoClass=SMB2_FILE_END_OF_FILE_INFO)

    def set_times(self, file, seconds):
        written = (int(seconds) + 11644473600) * 10_000_000
        # Created, read, written, changed; 0 leaves a time as it is.
        times = b"".join(each.to_bytes(8, "little") for each in (written, 0, written, 0))
        self.smb.setInfo(self.tree, file, inputBlob=times + (0x20).to_bytes(4, "little") + bytes(4),
                         infoType=SMB2_0_INFO_FILE, fileInfoClass=SMB2_FILE_BASIC_INFO)

    def attributes(self, file):
        self.smb.queryInfo(self.tree, file, fileInfoClass=SMB2_FILE_BASIC_INFO)


def explorer(share, content, remote, modified, halting):
    """The whole size first, so that a full disk is known at once; then the content; then the times, on the same handle."""
    file = share.open(remote, WRITE, FILE_OVERWRITE_IF)
    share.set_size(file, len(content))
    half = len(content) // 2 // PIECE * PIECE
    share.write(file, content, 0, half)
    if halting:
        time.sleep(3600)
    share.write(file, content, half)
    share.set_times(file, modified)
    share.close(file)


def finder(share, content, remote, modified, halting):
    """An empty file, the companion with the attributes, the content, and once more for the times and a look at the result."""
    folder, name = os.path.split(remote)
    share.close(share.open(remote, WRITE, FILE_OVERWRITE_IF))
    companion = share.open(f"{folder}/._{name}", WRITE, FILE_OVERWRITE_IF)
    share.write(companion, APPLE_DOUBLE)
    share.close(companion)
    file = share.open(remote, WRITE, FILE_OPEN)
    half = len(content) // 2 // PIECE * PIECE
    share.write(file, content, 0, half)
    if halting:
        time.sleep(3600)
    share.write(file, content, half)
    share.close(file)
    time.sleep(0.1)
    file = share.open(remote, WRITE, FILE_OPEN)
    share.set_times(file, modified)
    share.close(file)
    file = share.open(remote, READ, FILE_OPEN)
    share.attributes(file)
    share.close(file)


port, manner, path, remote = sys.argv[1:5]
with open(path, "rb") as source:
    content = source.read()
{"explorer": explorer, "finder": finder}[manner](Share(port), content, remote, os.stat(path).st_mtime, "--halt" in sys.argv[5:])
