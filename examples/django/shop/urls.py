from __future__ import annotations

from django.urls import path

from shop import views

urlpatterns = [
    path("login", views.log_in),
    path("api/items", views.items),
    path("api/orders", views.order),
    path("upload", views.upload),
    path("logo.png", views.logo),
    path("report.csv", views.report),
    path("boom", views.boom),
]
