"""Our people as Kolibri users: same identity on every boat, no password, exact role and classes."""

import re

from django.db import transaction
from kolibri.core.auth.constants import role_kinds
from kolibri.core.auth.models import Classroom, Facility, FacilityUser, Membership

from pirogue_kolibri.jeton import Personne

#: Every user of ours carries this prefix and our id in `_morango_source_id`; the progress adapter reads it there.
PREFIXE = "pirogue-"


def enregistrer(personne: Personne) -> FacilityUser:
    """
    Create or update the Kolibri user of a person, in one transaction, and return it.

    The Kolibri id is a hash of the facility and of our id, hence the same at each call. Writes only what differs.
    """
    with transaction.atomic():
        facility = Facility.get_default_facility()
        utilisateur = _trouver(personne, facility)
        _accorder_role(utilisateur, personne, facility)
        _accorder_classes(utilisateur, personne, facility)
    return utilisateur


def oublier(sub: str) -> bool:
    """
    Delete the Kolibri user of our id with her logs and her sessions; say whether there was one.

    A hard deletion: Kolibri's own copies of it, if it ever synchronised, would hear of it too.
    """
    with transaction.atomic():
        facility = Facility.get_default_facility()
        temoin = FacilityUser(dataset_id=facility.dataset_id, facility=facility)
        temoin._morango_source_id = PREFIXE + sub
        utilisateur = FacilityUser.all_objects.filter(id=temoin.calculate_uuid()).first()
        if utilisateur is None or utilisateur.is_superuser:
            return False
        utilisateur.delete(hard_delete=True)
    return True


def _trouver(personne: Personne, facility: Facility) -> FacilityUser:
    """Return the user, created or with its name and code brought up to date."""
    nouveau = FacilityUser(dataset_id=facility.dataset_id, facility=facility)
    nouveau._morango_source_id = PREFIXE + personne.sub
    identifiant = nouveau.calculate_uuid()
    utilisateur = FacilityUser.all_objects.filter(id=identifiant).first() or nouveau
    voulu = {
        "full_name": personne.nom,
        "id_number": personne.code,
        "username": _nom_utilisateur(personne, facility, identifiant),
        "date_deleted": None,
    }
    connu = utilisateur is not nouveau
    if connu and all(getattr(utilisateur, champ) == valeur for champ, valeur in voulu.items()):
        return utilisateur
    for champ, valeur in voulu.items():
        setattr(utilisateur, champ, valeur)
    if not connu:
        utilisateur.birth_year = utilisateur.gender = "DEFERRED"
        utilisateur.set_unusable_password()  # never NOT_SPECIFIED: the first visitor could then claim the account
    utilisateur.full_clean(exclude=["password"])
    utilisateur.save()
    return utilisateur


def _nom_utilisateur(personne: Personne, facility: Facility, identifiant: str) -> str:
    """Return a short name that nobody else has: Kolibri shows it in its top bar."""
    autres = FacilityUser.all_objects.filter(dataset_id=facility.dataset_id).exclude(id=identifiant)
    lisible = re.sub(r"[\s`~!@#$%^&*()\-+={}\[\]|\\/:;\"'<>,.?’]+", "_", personne.nom).strip("_")[:18] or "p"
    for nom in (lisible, f"{lisible}_{personne.sub[:6]}".replace("-", "_")):
        if not autres.filter(username__iexact=nom).exists():
            return nom
    return "p_" + personne.sub.replace("-", "")[:28]


def _accorder_role(utilisateur: FacilityUser, personne: Personne, facility: Facility) -> None:
    """Give a trainer the role coach on the facility, and take any role from a trainee."""
    if personne.role == "coach":
        if not utilisateur.roles.filter(kind=role_kinds.COACH, collection=facility).exists():
            facility.add_role(utilisateur, role_kinds.COACH)
    elif utilisateur.roles.exists():
        utilisateur.roles.all().delete()


def _accorder_classes(utilisateur: FacilityUser, personne: Personne, facility: Facility) -> None:
    """Make a trainee member of exactly her classes; create the classes that do not exist yet."""
    classes = [
        Classroom.objects.filter(parent=facility, name=nom).first()
        or Classroom.objects.create(name=nom, parent=facility)
        for nom in personne.classes
    ]
    if personne.role == "coach":
        return
    for classe in classes:
        if not Membership.objects.filter(user=utilisateur, collection=classe).exists():
            Membership.objects.create(user=utilisateur, collection=classe)
    anciennes = Membership.objects.filter(user=utilisateur, collection__kind="classroom")
    anciennes.exclude(collection__in=[classe.id for classe in classes]).delete()
