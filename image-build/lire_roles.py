"""What the site's playbook says: its roles, and the Debian packages that they ask for."""

import yaml
from atelier import DEPOT

ANSIBLE = DEPOT / "ansible"


def noms_des_roles() -> tuple[str, ...]:
    """Return the roles that the site's playbook applies, in its order."""
    (jeu,) = yaml.safe_load((ANSIBLE / "site.yml").read_text(encoding="utf-8"))
    return tuple(str(role) for role in jeu["roles"])


def paquets_des_roles() -> tuple[str, ...]:
    """Return the Debian packages that the roles ask for (`<role>_paquets`)."""
    paquets: set[str] = set()
    for role in noms_des_roles():
        defauts = yaml.safe_load((ANSIBLE / "roles" / role / "defaults/main.yml").read_text(encoding="utf-8")) or {}
        paquets.update(defauts.get(f"{role}_paquets", ()))
    return tuple(sorted(paquets))
