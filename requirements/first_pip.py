"""Runs pip in an environment that has none, from the wheel that Python carries along; the arguments are pip's.

`python -m venv` would unpack and compile that older pip first, only for the locked one to replace it: some four seconds
of a first start.
"""

from __future__ import annotations

import ensurepip
import runpy
import sys
import sysconfig
from pathlib import Path


def carried_pip() -> Path | None:
    """Find the wheel that ensurepip would install: Debian keeps it apart, others beside the module."""
    folders = [sysconfig.get_config_var("WHEEL_PKG_DIR"), Path(ensurepip.__file__).parent / "_bundled"]
    wheels = [wheel for folder in folders if folder for wheel in sorted(Path(folder).glob("pip-*.whl"))]
    return wheels[-1] if wheels else None


if __name__ == "__main__":
    carried = carried_pip()
    if carried is None:
        ensurepip.bootstrap()
    else:
        sys.path.insert(0, str(carried))
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
