"""Addresses of everything about reports and looking after posts."""

from starlette.routing import Route

from web.moderation import acting, queue, receipts, reporting

routes = [
    Route("/p/{name}/report", reporting.post_page),
    Route("/p/{name}/report", reporting.report_post, methods=["POST"]),
    Route("/p/{name}/moderate", acting.page),
    Route("/p/{name}/moderate", acting.act, methods=["POST"]),
    Route("/@{handle}/report", reporting.person_page),
    Route("/@{handle}/report", reporting.report_person, methods=["POST"]),
    Route("/me/reports", reporting.mine),
    Route("/me/reports/{report_id}/withdraw", reporting.withdraw, methods=["POST"]),
    Route("/moderation", queue.queue),
    Route("/moderation/receipts", receipts.receipts),
    Route("/moderation/{report_id}", queue.one),
    Route("/moderation/{report_id}", queue.decide, methods=["POST"]),
]
