"""The youths' pages are one blueprint; the modules beside this one hang their views on it."""

from flask import Blueprint

blueprint = Blueprint("jeune", __name__)
