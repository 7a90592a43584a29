"""All routes of the API, the more specific first."""

from virustotal.emulator.routes import account, behaviours, objects, uploads

ROUTES = [*uploads.ROUTES, *behaviours.ROUTES, *account.ROUTES, *objects.ROUTES]
