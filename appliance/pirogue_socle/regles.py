"""The rules of attendance, written once: the boat's screens and the shore's report both count with them."""

#: Attendance states that count as having come (domain page §3, *taux de présence*).
ETATS_VENUS = ("present", "retard", "parti_avant")


def minutes_retenues(
    etat: str, *, debut_ms: int, fin_ms: int, arrivee_ms: int | None = None, depart_ms: int | None = None
) -> int:
    """
    Return the minutes of a session that count for one trainee.

    max(0, min(departure or end, end) - max(arrival or start, start)); 0 for anyone who did not come. Arrival and
    departure are only looked at where the state says so: a sign-in two minutes late is not a late arrival.

    Args:
        etat: a code of the list `presence`.
        debut_ms, fin_ms: real start and end of the session, milliseconds since 1970 UTC.
        arrivee_ms, depart_ms: same unit, when known.
    """
    if etat not in ETATS_VENUS:
        return 0
    debut = max(arrivee_ms, debut_ms) if etat == "retard" and arrivee_ms is not None else debut_ms
    fin = min(depart_ms, fin_ms) if etat == "parti_avant" and depart_ms is not None else fin_ms
    return max(0, fin - debut) // 60_000


def tranche_age(age: int | None) -> str:
    """Return the age-band code (list `tranche_age`) of an age in years at enrolment; None gives `nc`."""
    if age is None:
        return "nc"
    for limite, code in ((15, "10_14"), (18, "15_17"), (25, "18_24"), (36, "25_35")):
        if age < limite:
            return code
    return "36_plus"
