"""Runs in django-drip's own environment: people, one drip, and the package's own command. `peer_drip.py MAILS PORT`."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

import django
from django.conf import settings
from django.urls import include, path

MAILS, PORT = int(sys.argv[1]), int(sys.argv[2])

urlpatterns: list[object] = []
settings.configure(
    SECRET_KEY="a key of nobody's, long enough for everybody's checks",
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "drip"}},
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    ALLOWED_HOSTS=["*"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        f"django.contrib.{name}" for name in ("auth", "contenttypes", "admin", "sessions", "messages")
    ]
    + ["drip"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
    EMAIL_HOST="127.0.0.1",
    EMAIL_PORT=PORT,
    DRIP_FROM_EMAIL="lettre@theatre.example.org",
    DRIP_UNSUBSCRIBE_USERS=True,
    DRIP_SCHEDULER_SETTINGS={"scheduler": False},
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from drip.models import Drip, QuerySetRule, SentDrip  # noqa: E402


def main() -> None:
    """Fill, send, and tell what it took."""
    urlpatterns.append(path("drip/", include("drip.urls")))
    call_command("migrate", verbosity=0)
    people = [
        User(username=f"reader{n}", email=f"reader{n}@example.org", first_name="Élodie") for n in range(MAILS)
    ]
    User.objects.bulk_create(people, batch_size=1000)
    drip = Drip.objects.create(
        name="lettre",
        enabled=True,
        subject_template="La lettre du mois, {{ user.first_name }}",
        body_html_template=Path(os.environ["PEER_FOLDER"], "page.html").read_text(encoding="utf-8"),
    )
    QuerySetRule.objects.create(drip=drip, field_name="id", lookup_type="gt", field_value="0")
    began, used = time.monotonic(), time.process_time()
    call_command("send_drips")
    told = {
        "seconds": time.monotonic() - began,
        "processor": time.process_time() - used,
        "kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }
    if SentDrip.objects.count() != MAILS:
        sys.exit(f"{SentDrip.objects.count()} of {MAILS} mails were sent")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
