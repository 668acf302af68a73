"""What was typed and not saved: kept while a person types, listed, taken up again or thrown away."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.web import (
    desk_of,
    form_address,
    form_of,
    handler,
    open_handler,
    redirect,
    render,
    session_of,
    url,
    with_draft,
    words,
    worth_keeping,
)
from waystation.office import drafts


def show(request: Request) -> Response:
    """Every draft, newest first. Only where and when: what was typed may be masked."""
    language = words(request)
    rows = [
        {
            "form": draft.form,
            "url": url(request, with_draft(draft.form)),
            "at_ms": draft.at_ms,
            "section": draft.form.partition("/")[0].partition("?")[0],
        }
        for draft in drafts.kept(desk_of(request))
    ]
    return render(request, "drafts.html", page="drafts", title=language.gettext("Drafts"), rows=rows)


def keep(request: Request) -> Response:
    """What a page sends while a person types; works on a locked desk as well."""
    session, form = session_of(request), form_of(request)
    session.look()
    address = form_address(request, form)
    if session.desk is not None:
        session.touch()
    if address and not session.just_saved(address) and worth_keeping(form):
        session.keep(address, form.inputs)
    if session.desk is None:
        return Response(status_code=204, headers={"HX-Redirect": url(request, "locked")})
    return Response(status_code=204)


async def drop(request: Request) -> Response:
    """Throws one draft away."""
    drafts.drop(desk_of(request), form_of(request).text("draft"))
    return redirect(request, "drafts", ("done", words(request).gettext("The draft is thrown away.")))


routes = [
    Route("/drafts", handler(show)),
    Route("/drafts", open_handler(keep), methods=["POST"]),
    Route("/drafts/drop", handler(drop), methods=["POST"]),
]
