from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models


class Person(AbstractBaseUser):
    """A user model of the project's own, with a UUID as its key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    username = models.CharField(max_length=50, unique=True)
    is_active = models.BooleanField(default=True)
    objects = BaseUserManager()

    USERNAME_FIELD = "username"
