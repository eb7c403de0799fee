"""Certificates for the measured TLS: one of our own, and a chain that weighs what a public authority's does."""

import datetime
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from pirogue_socle.horloge import en_civil, maintenant

#: Two signed certificate timestamps, as every public certificate carries (RFC 6962).
SCT, OCTETS_SCT = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), 245


@dataclass(frozen=True)
class Certificat:
    """
    What a server shows.

    Attributes:
        chaine: PEM file, leaf first.
        cle: PEM file of its private key.
        racine: PEM file that a client must trust.
    """

    chaine: Path
    cle: Path
    racine: Path


def faire_seul(dossier: Path) -> Certificat:
    """Make a self-signed P-256 certificate for `localhost`."""
    cle = ec.generate_private_key(ec.SECP256R1())
    feuille = _signer("localhost", cle, emetteur="localhost", par=cle)
    return _ecrire(dossier, "seul", chaine=[feuille], cle=cle, racine=feuille)


def faire_public(dossier: Path) -> Certificat:
    """Make the shape of Let's Encrypt's: an RSA-4096 root (not sent), a P-384 intermediate, a P-256 leaf with SCTs."""
    cle_racine = rsa.generate_private_key(65537, 4096)
    cle_milieu, cle = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP256R1())
    racine = _signer("Racine publique d'essai", cle_racine, emetteur="Racine publique d'essai", par=cle_racine)
    milieu = _signer("E1", cle_milieu, emetteur="Racine publique d'essai", par=cle_racine, liens=True)
    feuille = _signer("localhost", cle, emetteur="E1", par=cle_milieu, liens=True)
    return _ecrire(dossier, "public", chaine=[feuille, milieu], cle=cle, racine=racine)


def _nom(nom: str) -> x509.Name:
    attributs = [(NameOID.COUNTRY_NAME, "BJ"), (NameOID.ORGANIZATION_NAME, "Essai"), (NameOID.COMMON_NAME, nom)]
    return x509.Name([x509.NameAttribute(oid, valeur) for oid, valeur in attributs])


def _signer(
    nom: str,
    cle: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    *,
    emetteur: str,
    par: CertificateIssuerPrivateKeyTypes,
    liens: bool = False,
) -> x509.Certificate:
    """Make one certificate; with `liens`, the addresses that a public authority writes into it."""
    jour = en_civil(maintenant().mur_ms).astimezone(datetime.UTC)
    feuille = nom == "localhost"
    demande = (
        x509.CertificateBuilder()
        .subject_name(_nom(nom))
        .issuer_name(_nom(emetteur))
        .public_key(cle.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(jour - datetime.timedelta(days=1))
        .not_valid_after(jour + datetime.timedelta(days=90))
        .add_extension(x509.BasicConstraints(ca=not feuille or nom == emetteur, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(cle.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(par.public_key()), critical=False)  # type: ignore[arg-type]
    )
    if feuille:
        usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        demande = demande.add_extension(x509.SubjectAlternativeName([x509.DNSName(nom)]), critical=False)
        demande = demande.add_extension(usages, critical=False)
    if liens:
        acces = x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://e1.i.exemple.org/")
        )
        demande = demande.add_extension(x509.AuthorityInformationAccess([acces]), critical=False)
        point = x509.UniformResourceIdentifier("http://e1.c.exemple.org/99.crl")
        points = x509.CRLDistributionPoints([x509.DistributionPoint([point], None, None, None)])
        demande = demande.add_extension(points, critical=False)
    if liens and feuille:
        demande = demande.add_extension(x509.UnrecognizedExtension(SCT, os.urandom(OCTETS_SCT)), critical=False)
    return demande.sign(par, hashes.SHA256())


def _ecrire(
    dossier: Path,
    nom: str,
    *,
    chaine: list[x509.Certificate],
    cle: ec.EllipticCurvePrivateKey,
    racine: x509.Certificate,
) -> Certificat:
    pem = serialization.Encoding.PEM
    fait = Certificat(dossier / f"{nom}.pem", dossier / f"{nom}.cle", dossier / f"{nom}.racine.pem")
    fait.chaine.write_bytes(b"".join(un.public_bytes(pem) for un in chaine))
    prive = serialization.PrivateFormat.PKCS8
    fait.cle.write_bytes(cle.private_bytes(pem, prive, serialization.NoEncryption()))
    fait.racine.write_bytes(racine.public_bytes(pem))
    return fait
