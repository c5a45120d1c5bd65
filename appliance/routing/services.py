"""Internal numbers behind which an application answers."""

from appliance.model.documents import Application, Service
from appliance.model.plan import CallKind, Plan, Run
from appliance.routing.draft import Draft

DEFAULT_PROMPTS = {Application.ECHO: "echo_intro", Application.ANNOUNCEMENT: "welcome"}


def service_run(draft: Draft, service: Service) -> Run:
    """The step that hands the caller to the application."""
    draft.because(
        "service.answers", number=service.number, name=service.name, application=service.application.value
    )
    return Run(
        application=service.application,
        prompt=service.prompt or DEFAULT_PROMPTS.get(service.application, ""),
        language=service.language or draft.language,
    )


def plan_service(draft: Draft, service: Service) -> Plan:
    """A colleague dialled a service."""
    return draft.finish(CallKind.SERVICE, (service_run(draft, service),), called=service.number)
