"""GET /healthz and GET /connection/test."""

from powerschool_enrollment_sandbox.http.responses import Answer, json_answer
from powerschool_enrollment_sandbox.http.service import Call, Service


def healthz(service: Service, _call: Call) -> Answer:
    """Status, version and the server's time, written `7/15/2019 2:40:48 PM (Eastern Standard Time)`."""
    now = service.clock.now()
    return json_answer(
        {
            "Status": "Healthy",
            "SoftwareVersion": service.settings.software_version,
            "DateTimeNow": f"{now.month}/{now.day}/{now.year} {now.hour % 12 or 12}:{now:%M:%S %p}"
            " (Coordinated Universal Time)",
        }
    )
