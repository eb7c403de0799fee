"""What the laptops do, aboard the machine: the acts of the bench's radio, one a run: `gestes_air.py ACT JSON`."""

import json
import sys

import gestes_radio


def main() -> None:
    """Do one act and print what it gives."""
    rendu = gestes_radio.GESTES[sys.argv[1]](lambda **_: None, **json.loads(sys.argv[2]))
    print(json.dumps(rendu))  # noqa: T201


if __name__ == "__main__":
    main()
