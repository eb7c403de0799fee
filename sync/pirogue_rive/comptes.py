"""
Accounts ashore: a person, a role, a password. Nothing of the shore is read without one.

A try is counted before it is judged, so that twenty sent at once obtain five answers; waiting is measured on the
machine's boot clock, never on the wall.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.exc import IntegrityError

from pirogue_rive import actes, base, motsdepasse
from pirogue_rive.config import Rive
from pirogue_rive.schema_gestion import compte_rive
from pirogue_socle.erreurs import EntreeInvalide, ErreurPirogue, Introuvable
from pirogue_socle.horloge import Instant
from pirogue_socle.ids import nouvel_id

ESSAIS = 5
ATTENTE_NS = 60_000_000_000

#: What each role may do; `docs/glossaire.md` says it in words. Whoever keeps the machine does not open names.
DROITS: dict[str, frozenset[str]] = {
    "consultation": frozenset({"consulter"}),
    "coordination": frozenset(
        {"consulter", "accueillir", "retirer", "configurer", "regarder", "effacer", "noms", "courrier"}
    ),
    "technique": frozenset(
        {"consulter", "accueillir", "retirer", "configurer", "regarder", "octets", "courrier", "comptes"}
    ),
}
ROLES = {
    "consultation": "Consultation : lit les chiffres et l'état des relais.",
    "coordination": "Coordination : accueille et retire des relais, les règle, efface une personne, ouvre les noms.",
    "technique": "Technique : tient les comptes et les relais, ouvre ce qui est mis de côté ; jamais les noms.",
}


class AccesRefuse(ErreurPirogue):
    """The name and the password do not go together; which of the two is wrong is not said."""

    geste = "Vérifie le nom et le mot de passe, puis recommence."
    code = 82


class CompteBloque(ErreurPirogue):
    """Too many wrong passwords: this account waits a minute."""

    geste = "Attends une minute puis recommence. Mot de passe perdu ? Demande à l'équipe technique."
    code = 83


@dataclass(frozen=True, slots=True)
class Compte:
    """
    A person who works ashore.

    Attributes:
        compte_id, nom: who.
        role: one of `DROITS`.
        a_changer: True until the one-time password was changed.
        actif: False once closed.
        marque: changes with the password; a session opened before carries another one.
    """

    compte_id: str
    nom: str
    role: str
    a_changer: bool
    actif: bool
    marque: str

    def peut(self, droit: str) -> bool:
        """Say whether this person's role gives a right."""
        return droit in DROITS.get(self.role, frozenset())


def creer(rive: Rive, *, nom: str, role: str, instant: Instant, par: str = "console") -> tuple[Compte, str]:
    """
    Create an account; return it with its one-time password, which is nowhere else.

    Raises:
        EntreeInvalide: empty or known name, unknown role; nothing is written.
    """
    nom = " ".join(nom.split())
    if not nom or len(nom) > 60 or not nom.isprintable():
        raise EntreeInvalide("Écris le nom de la personne (60 lettres au plus).")
    if role not in DROITS:
        raise EntreeInvalide(f"Ce rôle n'existe pas ; il y a : {', '.join(DROITS)}.")
    mot_de_passe = motsdepasse.tirer()
    valeurs = {
        "compte_id": nouvel_id(),
        "nom": nom,
        "nom_simple": nom.casefold(),
        "role": role,
        "argon2": motsdepasse.hacher(mot_de_passe),
        "a_changer": 1,
        "echecs": 0,
        "actif": 1,
        "cree_ms": instant.mur_ms,
    }
    try:
        with rive.moteur.begin() as db:
            db.execute(compte_rive.insert().values(**valeurs))
            actes.noter(db, quoi="compte_cree", par=par, sur=nom, instant=instant)
    except IntegrityError as cause:
        raise EntreeInvalide("Il y a déjà un compte à ce nom.") from cause
    return lire(rive, str(valeurs["compte_id"])), mot_de_passe


def lister(rive: Rive) -> list[Compte]:
    """Return every account, the closed ones last, by name."""
    t = compte_rive
    with base.lire(rive.moteur) as db:
        return [_compte(rangee) for rangee in db.execute(select(t).order_by(t.c.actif.desc(), t.c.nom_simple))]


def lire(rive: Rive, compte_id: str) -> Compte:
    """Return an open account; raises Introuvable."""
    t = compte_rive
    with base.lire(rive.moteur) as db:
        rangee = db.execute(select(t).where(t.c.compte_id == compte_id, t.c.actif == 1)).first()
    if rangee is None:
        raise Introuvable("Ce compte n'existe pas ou il est fermé.")
    return _compte(rangee)


def nomme(rive: Rive, nom: str) -> Compte:
    """Return the open account of a name; raises Introuvable."""
    voulu = " ".join(nom.split()).casefold()
    for compte in lister(rive):
        if compte.actif and compte.nom.casefold() == voulu:
            return compte
    raise Introuvable(f"Il n'y a pas de compte ouvert au nom de « {nom} ».")


def fermer(rive: Rive, *, compte_id: str, instant: Instant, par: str = "console") -> Compte:
    """Close an account, at once, whatever page it has open; raises Introuvable."""
    return _changer(rive, compte_id, {"actif": 0}, quoi="compte_ferme", par=par, instant=instant)


def reinitialiser(rive: Rive, *, compte_id: str, instant: Instant, par: str = "console") -> tuple[Compte, str]:
    """Give an account a new one-time password and return both; raises Introuvable."""
    mot_de_passe = motsdepasse.tirer()
    neuf = {"argon2": motsdepasse.hacher(mot_de_passe), "a_changer": 1, "echecs": 0, "bloque_boot_id": None}
    compte = _changer(rive, compte_id, neuf, quoi="mot_de_passe_refait", par=par, instant=instant)
    return compte, mot_de_passe


def changer_mot_de_passe(rive: Rive, *, compte_id: str, ancien: str, nouveau: str, instant: Instant) -> Compte:
    """
    Replace one's own password.

    Raises:
        Introuvable: no such account. AccesRefuse, CompteBloque: the present password is wrong.
        EntreeInvalide: the new one is too weak or is the old one. Nothing is written then but the failed try.
    """
    compte = lire(rive, compte_id)
    verifier(rive, nom=compte.nom, mot_de_passe=ancien, instant=instant)
    motsdepasse.exiger(nouveau, nom=compte.nom)
    if nouveau == ancien:
        raise EntreeInvalide("Choisis un autre mot de passe que celui d'avant.")
    neuf = {"argon2": motsdepasse.hacher(nouveau), "a_changer": 0, "echecs": 0, "bloque_boot_id": None}
    return _changer(rive, compte_id, neuf, quoi="mot_de_passe_change", par=compte.nom, instant=instant)


def verifier(rive: Rive, *, nom: str, mot_de_passe: str, instant: Instant) -> Compte:
    """
    Return the account whose name and password these are.

    Raises:
        AccesRefuse: they are not. CompteBloque: five wrong ones in a row, wait a minute.
    """
    with rive.moteur.begin() as db:
        rangee = _compter_essai(db, " ".join(nom.split()).casefold(), instant)
    if not motsdepasse.est_bon(rangee.argon2 if rangee else "", mot_de_passe) or rangee is None:
        raise AccesRefuse("Ce nom et ce mot de passe ne vont pas ensemble.")
    t = compte_rive
    with rive.moteur.begin() as db:
        db.execute(
            update(t).where(t.c.compte_id == rangee.compte_id).values(echecs=0, bloque_boot_id=None, bloque_bt_ns=None)
        )
    return _compte(rangee)


def _compter_essai(db: Connection, nom_simple: str, instant: Instant) -> Row[tuple[object, ...]] | None:
    """Count one try as failed, before it is judged; raises CompteBloque."""
    t = compte_rive
    requete = select(t).where(t.c.nom_simple == nom_simple, t.c.actif == 1).with_for_update()
    rangee = db.execute(requete).first()
    if rangee is None:
        return None
    if rangee.bloque_boot_id == instant.boot_id and instant.bt_ns < rangee.bloque_bt_ns + ATTENTE_NS:
        raise CompteBloque("Trop d'essais : ce compte attend une minute.")
    echecs = rangee.echecs % ESSAIS + 1
    boot_id, bt_ns = (instant.boot_id, instant.bt_ns) if echecs == ESSAIS else (None, None)
    db.execute(
        update(t)
        .where(t.c.compte_id == rangee.compte_id)
        .values(echecs=echecs, bloque_boot_id=boot_id, bloque_bt_ns=bt_ns)
    )
    return rangee


def _changer(
    rive: Rive, compte_id: str, valeurs: dict[str, object], *, quoi: str, par: str, instant: Instant
) -> Compte:
    compte, t = lire(rive, compte_id), compte_rive
    with rive.moteur.begin() as db:
        db.execute(update(t).where(t.c.compte_id == compte_id).values(**valeurs))
        actes.noter(db, quoi=quoi, par=par, sur=compte.nom, instant=instant)
        return _compte(db.execute(select(t).where(t.c.compte_id == compte_id)).one())


def _compte(rangee: Row[tuple[object, ...]]) -> Compte:
    return Compte(
        compte_id=rangee.compte_id,
        nom=rangee.nom,
        role=rangee.role,
        a_changer=bool(rangee.a_changer),
        actif=bool(rangee.actif),
        marque=rangee.argon2[-16:],
    )
