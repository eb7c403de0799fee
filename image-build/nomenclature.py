"""
The list of parts: `manifeste.txt` for eyes, `pirogue.cdx.json` (CycloneDX) for those who watch for flaws, SHA256SUMS.

What pip laid is read from the tree itself, Kolibri's own bundled libraries included: the ones that nobody lists.
"""

import datetime
import email
import uuid
from dataclasses import dataclass
from pathlib import Path

import capteur
from atelier import DEPOT, empreinte_fichier, lancer
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

_ESPACE = uuid.UUID("50495247-0000-4000-8000-000000000000")


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """
    One part of the image.

    Attributes:
        genre: `deb` or `pypi`.
        nom, version: as its own world writes them.
        ou: where it lies in the tree, for what dpkg did not lay.
    """

    genre: str
    nom: str
    version: str
    ou: str = ""

    @property
    def purl(self) -> PackageURL:
        """Its address among all packages of the world."""
        if self.genre == "deb":
            return PackageURL("deb", "debian", self.nom, self.version, {"arch": "arm64", "distro": "trixie"})
        return PackageURL("pypi", None, self.nom.lower().replace("_", "-"), self.version)


def recenser(arbre: Path) -> tuple[Piece, ...]:
    """Return every part of the tree: Debian's packages, a driver made from one, what pip laid, what Kolibri carries."""
    lignes = lancer("dpkg-query", f"--admindir={arbre}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\n")
    pieces = {Piece("deb", *ligne.split()) for ligne in lignes.splitlines()}
    for fiche in (arbre / "opt/pirogue").rglob("*.dist-info/METADATA"):
        tete = email.message_from_string(fiche.read_text(encoding="utf-8"))
        ou = str(fiche.parent.parent.relative_to(arbre))
        pieces.add(Piece("pypi", str(tete["Name"]), str(tete["Version"]), ou))
    for pilote in (arbre / "usr/lib/modules").glob("*/updates/*.ko.xz"):
        noyau = pilote.parent.parent.name
        ou = str(pilote.relative_to(arbre))
        pieces.add(Piece("deb", capteur.source_de(noyau), capteur.version_de(arbre, noyau), ou))
    return tuple(sorted(pieces))


def ecrire_manifeste(pieces: tuple[Piece, ...], fichier: Path, *, version: str, commit: str) -> None:
    """Write the list for eyes, and what locks it: the pins of pip."""
    verrou = empreinte_fichier(DEPOT / "requirements/boite.txt")
    tete = f"# pirogue {version} ({commit})\n# requirements/boite.txt sha256:{verrou}\n"
    corps = "".join(f"{p.genre} {p.nom} {p.version}{f' {p.ou}' if p.ou else ''}\n" for p in pieces)
    fichier.write_text(tete + corps, encoding="utf-8")


def ecrire_cyclonedx(pieces: tuple[Piece, ...], fichier: Path, *, version: str, epoque: int) -> None:
    """Write the list as CycloneDX 1.6 JSON; the same parts at the same instant give the same bytes."""
    bom = Bom(serial_number=uuid.uuid5(_ESPACE, version))
    bom.metadata.timestamp = datetime.datetime.fromtimestamp(epoque, tz=datetime.UTC)
    bom.metadata.component = Component(
        name="pirogue-connectee", version=version, type=ComponentType.OPERATING_SYSTEM, bom_ref="pirogue-connectee"
    )
    for piece in pieces:
        bom.components.add(
            Component(
                name=piece.nom,
                version=piece.version,
                type=ComponentType.LIBRARY,
                purl=piece.purl,
                bom_ref=f"{piece.purl.to_string()}{f'#{piece.ou}' if piece.ou else ''}",
            )
        )
    bom.register_dependency(bom.metadata.component, bom.components)
    texte = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)
    fichier.write_text(texte + "\n", encoding="utf-8")


def ecrire_sommes(dossier: Path, fichiers: tuple[Path, ...]) -> None:
    """Write SHA256SUMS, as `sha256sum --check` reads it."""
    lignes = [f"{empreinte_fichier(fichier)}  {fichier.name}\n" for fichier in sorted(fichiers)]
    (dossier / "SHA256SUMS").write_text("".join(lignes), encoding="utf-8")
