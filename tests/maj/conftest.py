"""The role's own programs: standard library, laid on the box as files, so no package to import."""

import sys
from pathlib import Path

ROLE = Path(__file__).parents[2] / "ansible/roles/mise_a_jour/files/usr/lib/pirogue/maj"
CONSTRUCTION = Path(__file__).parents[2] / "image-build/maj"
sys.path[:0] = [str(ROLE), str(CONSTRUCTION)]
