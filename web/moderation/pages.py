"""Addresses of everything about reports and looking after posts."""

from starlette.routing import Route

from web.moderation import acting, openness, queue, receipts, reporting, safeguarding, statements

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
    Route("/moderation/{report_id}/take", queue.act, methods=["POST"]),
    Route("/moderation/{report_id}/answer", queue.answer, methods=["POST"]),
    Route("/c/{slug}/decided", openness.community),
    Route("/about/moderation", openness.numbers),
    Route("/me/decisions/{ruling_id}", statements.page),
    Route("/me/decisions/{ruling_id}", statements.object_to, methods=["POST"]),
    Route("/safeguarding", safeguarding.desk),
    Route("/safeguarding/{report_id}", safeguarding.one),
    Route("/safeguarding/{report_id}", safeguarding.decide, methods=["POST"]),
    Route("/safeguarding/{report_id}/take", safeguarding.act, methods=["POST"]),
    Route("/safeguarding/{report_id}/record", safeguarding.record, methods=["POST"]),
    Route("/safeguarding/{report_id}/export", safeguarding.export, methods=["POST"]),
    Route("/admin/safeguarding", safeguarding.leads),
    Route("/admin/safeguarding", safeguarding.appoint, methods=["POST"]),
    Route("/admin/safeguarding/{person_id}/dismiss", safeguarding.dismiss, methods=["POST"]),
]
