"""The trainers' pages are one blueprint; the modules beside this one hang their views on it."""

from flask import Blueprint

blueprint = Blueprint("formateur", __name__, url_prefix="/formateur")
