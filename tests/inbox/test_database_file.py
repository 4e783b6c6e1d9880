from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from drhttp.inbox.database_file import check, default_file, prepare
from drhttp.inbox.errors import DatabaseFileError


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_each_project_directory_has_a_file_of_its_own(tmp_path):
    """The default file lies below the state directory, named after the project and told apart by its whole path."""
    one, other = tmp_path / "a" / "my shop", tmp_path / "b" / "my shop"
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}

    file = default_file(environ, one)

    assert file.parent.parent == tmp_path / "state" / "drhttp"
    assert file.parent.name.startswith("my-shop-")
    assert file == default_file(environ, one)
    assert file != default_file(environ, other)


def test_the_environment_can_choose_the_file():
    """`DRHTTP_INBOX_FILE` names the file itself, also below the home directory; without anything it is below that."""
    assert default_file({"DRHTTP_INBOX_FILE": "~/x.db"}, Path("/")) == Path.home() / "x.db"
    assert default_file({}, Path("/")).is_relative_to(Path.home() / ".local/state/drhttp")


def test_only_the_owner_may_read_what_is_made(tmp_path):
    """Whatever the umask, the file is 0600 and the directories made for it are 0700."""
    before = os.umask(0)
    try:
        prepare(tmp_path / "a" / "b" / "inbox.db")
    finally:
        os.umask(before)

    assert mode(tmp_path / "a" / "b" / "inbox.db") == 0o600
    assert mode(tmp_path / "a" / "b") == mode(tmp_path / "a") == 0o700


def test_a_file_that_others_could_read_is_closed(tmp_path):
    """An existing file is taken, and closed to others."""
    file = tmp_path / "inbox.db"
    file.touch(mode=0o644)

    prepare(file)

    assert mode(file) == 0o600


def test_a_link_is_refused(tmp_path):
    """Somebody else may have laid it there, so neither writing nor reading follows it."""
    (tmp_path / "link.db").symlink_to(tmp_path / "target.db")

    for use in (prepare, check):
        with pytest.raises(DatabaseFileError, match=r"is a symbolic link\. Pass the path of the file itself"):
            use(tmp_path / "link.db")
    assert not (tmp_path / "target.db").exists()


def test_what_is_no_file_is_refused(tmp_path):
    """A directory or a pipe cannot be an inbox."""
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(DatabaseFileError, match="is not a regular file"):
            prepare(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_file_of_another_user_is_refused(tmp_path):
    """Its owner could read along."""
    file = tmp_path / "inbox.db"
    file.touch()
    os.chown(file, 12345, -1)

    with pytest.raises(DatabaseFileError, match="belongs to another user"):
        prepare(file)


def test_a_place_that_cannot_be_is_told_in_a_sentence(tmp_path):
    """A path through a file is not a traceback."""
    (tmp_path / "file").touch()

    with pytest.raises(DatabaseFileError, match=r"Cannot use .*: Not a directory"):
        prepare(tmp_path / "file" / "inbox.db")
