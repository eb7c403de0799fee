"""The world that the network's tests share: one for a module, put in the water once."""

from collections.abc import Iterator

import pytest

from reseau.lac import Lac, mettre_a_leau


@pytest.fixture(scope="module")
def lac(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lac]:
    """A boat on its lake, with an Internet beyond."""
    with mettre_a_leau(tmp_path_factory.mktemp("lac")) as monde:
        yield monde
