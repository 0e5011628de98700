from __future__ import annotations

import django.core.validators
import django.db.models.deletion
import sms_marketing.core.fields
import sms_marketing.models.brands
import sms_marketing.models.campaigns
from django.conf import settings
from django.db import migrations, models


#: Indexes that are conditional where the database has such; MariaDB and MySQL get plain
#: ones of the same names, because Django leaves conditional indexes out there.
PLAIN_INDEXES = {
    "message_due_for_claim": ("message", "status, campaign_id, priority, due_at, id"),
    "message_of_open_batch": ("message", "batch_id, status"),
    "message_by_provider_id": ("message", "provider_message_id"),
    "message_history_of_contact": ("message", "contact_id, sent_at"),
    "receipt_pending": ("receiptrecord", "state, retry_at, id"),
    "event_unprocessed": ("event", "processed_at, id"),
}


def add_plain_indexes(apps, schema_editor):
    if schema_editor.connection.vendor != "mysql":
        return
    for name, (table, columns) in PLAIN_INDEXES.items():
        schema_editor.execute(
            f"CREATE INDEX {name} ON sms_marketing_{table} ({columns})"
        )


def add_default_brand(apps, schema_editor):
    brands = apps.get_model("sms_marketing", "Brand").objects.using(
        schema_editor.connection.alias
    )
    brands.create(name="My shop", code="default", is_default=True)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Brand',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('code', sms_marketing.core.fields.KeyField(max_length=40, unique=True, verbose_name='code')),
                ('is_default', models.BooleanField(default=False, verbose_name='default brand')),
                ('legal_name', models.CharField(blank=True, max_length=160, verbose_name='legal name')),
                ('legal_id', models.CharField(blank=True, max_length=40, verbose_name='registration number')),
                ('legal_address', models.CharField(blank=True, max_length=240, verbose_name='legal address')),
                ('contact_email', models.EmailField(blank=True, max_length=254, verbose_name='contact e-mail')),
                ('languages', models.JSONField(default=sms_marketing.models.brands.default_languages, help_text='Order of preference; the first is the fallback.', verbose_name='languages')),
                ('zone', models.CharField(default='Europe/Riga', max_length=64, verbose_name='time zone')),
                ('region', models.CharField(default='LV', max_length=2, verbose_name='country of local numbers')),
                ('link_base_url', models.URLField(blank=True, help_text='As https://vst.lv/s; empty: built from PUBLIC_URL.', verbose_name='short link address')),
                ('hours', models.JSONField(default=sms_marketing.models.brands.default_hours, help_text="When marketing may arrive, in the recipient's own time.", verbose_name='allowed hours')),
                ('help_text', models.JSONField(blank=True, default=dict, help_text='A text for each language; empty: name, e-mail and how to stop.', verbose_name='answer to HELP')),
                ('currency', models.CharField(default='EUR', max_length=3, verbose_name='base currency')),
                ('click_window_hours', models.PositiveIntegerField(default=120, verbose_name='credit after a click, hours')),
                ('delivery_window_hours', models.PositiveIntegerField(default=24, verbose_name='credit after a delivery, hours')),
            ],
            options={
                'verbose_name': 'brand',
                'verbose_name_plural': 'brands',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='LedgerSeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sealed_at', models.DateTimeField()),
                ('last_record', models.BigIntegerField(help_text='Id of the newest record sealed.')),
                ('chain_count', models.PositiveBigIntegerField()),
                ('heads_digest', sms_marketing.core.fields.KeyField(max_length=64)),
                ('key_id', sms_marketing.core.fields.KeyField(max_length=20)),
                ('previous_mac', sms_marketing.core.fields.KeyField(blank=True, max_length=64)),
                ('mac', sms_marketing.core.fields.KeyField(max_length=64)),
            ],
            options={
                'verbose_name': 'ledger seal',
                'verbose_name_plural': 'ledger seals',
            },
        ),
        migrations.CreateModel(
            name='Link',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('url', models.TextField()),
            ],
            options={
                'verbose_name': 'link',
                'verbose_name_plural': 'links',
                'ordering': ['body', 'position'],
            },
        ),
        migrations.CreateModel(
            name='SendBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('worker', sms_marketing.core.fields.KeyField(max_length=80)),
                ('state', models.CharField(choices=[('live', 'in work'), ('done', 'done'), ('dead', 'lost its worker')], default='live', max_length=4)),
                ('watermark', models.BigIntegerField(default=0)),
                ('size', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'batch',
                'verbose_name_plural': 'batches',
            },
        ),
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('status', models.CharField(choices=[('draft', 'draft'), ('scheduled', 'scheduled'), ('launching', 'launching'), ('sending', 'sending'), ('paused', 'paused'), ('finished', 'finished'), ('canceled', 'canceled')], default='draft', editable=False, max_length=10, verbose_name='status')),
                ('topic', sms_marketing.core.fields.KeyField(blank=True, max_length=40, verbose_name='topic')),
                ('encoding_policy', models.CharField(choices=[('keep', 'keep every letter'), ('punctuation', 'plain quotes and dashes'), ('strip', 'letters without diacritics')], default='punctuation', max_length=12, verbose_name='letters')),
                ('schedule', models.CharField(choices=[('now', 'at once'), ('brand_time', 'at a time of ours'), ('local_time', "at the recipient's own time")], default='now', max_length=10, verbose_name='when')),
                ('send_on', models.DateField(blank=True, null=True, verbose_name='day')),
                ('send_time', models.TimeField(blank=True, null=True, verbose_name='time')),
                ('late_policy', models.CharField(choices=[('next_day', 'the next day'), ('skip', 'leave them out')], default='next_day', max_length=8, verbose_name='if it is already past there')),
                ('holdout_percent', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(50)], verbose_name='held out, %')),
                ('spend_cap', sms_marketing.core.fields.MoneyField(blank=True, null=True, verbose_name='spend at most')),
                ('salt', sms_marketing.core.fields.KeyField(default=sms_marketing.models.campaigns.new_salt, editable=False, max_length=16)),
                ('audience_count', models.PositiveIntegerField(editable=False, null=True)),
                ('launch_checkpoint', models.BigIntegerField(default=0, editable=False)),
                ('launch_lease_until', models.DateTimeField(editable=False, null=True)),
                ('launched_at', models.DateTimeField(editable=False, null=True)),
                ('finished_at', models.DateTimeField(editable=False, null=True)),
                ('due_at', models.DateTimeField(editable=False, null=True)),
                ('halt_reason', models.CharField(blank=True, editable=False, max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('created_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.brand', verbose_name='brand')),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'campaign',
                'verbose_name_plural': 'campaigns',
                'ordering': ['-id'],
                'permissions': [('send_campaign', 'Can test, launch, pause and cancel')],
            },
        ),
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phone', sms_marketing.core.fields.KeyField(help_text='E.164', max_length=16, null=True, verbose_name='phone')),
                ('phone_hash', sms_marketing.core.fields.KeyField(blank=True, editable=False, max_length=64)),
                ('first_name', models.CharField(blank=True, max_length=80, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=80, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('language', models.CharField(blank=True, max_length=10, verbose_name='language')),
                ('country', models.CharField(blank=True, max_length=2, verbose_name='country')),
                ('region', models.CharField(blank=True, max_length=80, verbose_name='region')),
                ('city', models.CharField(blank=True, max_length=80, verbose_name='city')),
                ('region_key', sms_marketing.core.fields.KeyField(blank=True, editable=False, max_length=120)),
                ('city_key', sms_marketing.core.fields.KeyField(blank=True, editable=False, max_length=120)),
                ('postcode', models.CharField(blank=True, max_length=16, verbose_name='postcode')),
                ('latitude', models.FloatField(blank=True, null=True, verbose_name='latitude')),
                ('longitude', models.FloatField(blank=True, null=True, verbose_name='longitude')),
                ('birth_date', models.DateField(blank=True, null=True, verbose_name='date of birth')),
                ('zone', models.CharField(blank=True, help_text='As Europe/Riga; empty: taken from the number, then the brand.', max_length=64, verbose_name='time zone')),
                ('zone_source', models.CharField(blank=True, editable=False, max_length=20)),
                ('attributes', models.JSONField(blank=True, default=dict, verbose_name='other fields')),
                ('is_restricted', models.BooleanField(default=False, help_text='GDPR art. 18: kept, but nothing is sent.', verbose_name='processing restricted')),
                ('erased_at', models.DateTimeField(editable=False, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='added')),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'verbose_name': 'contact',
                'verbose_name_plural': 'contacts',
                'permissions': [('erase_contact', 'Can erase a contact for good'), ('view_phone', 'Can see whole phone numbers')],
                'indexes': [models.Index(fields=['phone_hash'], name='contact_by_phone_hash'), models.Index(fields=['city_key', 'birth_date'], name='contact_by_place')],
                'constraints': [models.UniqueConstraint(fields=('phone',), name='contact_phone_is_one'), models.CheckConstraint(condition=models.Q(('phone__isnull', True), ('erased_at__isnull', True), _connector='OR'), name='contact_erased_has_no_phone')],
            },
        ),
        migrations.CreateModel(
            name='ErasureLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('erased_at', models.DateTimeField()),
                ('erased_by_name', models.CharField(blank=True, max_length=150)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.contact')),
                ('erased_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'erasure',
                'verbose_name_plural': 'erasures',
            },
        ),
        migrations.CreateModel(
            name='Journey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', sms_marketing.core.fields.KeyField(max_length=60, unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('status', models.CharField(choices=[('draft', 'draft'), ('live', 'live'), ('paused', 'paused')], default='draft', max_length=8, verbose_name='status')),
                ('category', models.CharField(choices=[('marketing', 'marketing'), ('transactional', 'service'), ('otp', 'one-time code'), ('compliance', 'answer to STOP or HELP')], max_length=13, verbose_name='kind')),
                ('topic', sms_marketing.core.fields.KeyField(blank=True, max_length=40, verbose_name='topic')),
                ('trigger_event', sms_marketing.core.fields.KeyField(max_length=80, verbose_name='starts with the event')),
                ('conditions', models.JSONField(blank=True, default=dict, help_text='Properties of the event that must be equal, as {"status": "paid"}.', verbose_name='only if')),
                ('exit_events', models.JSONField(blank=True, default=list, help_text='A list such as ["order_placed"].', verbose_name='ends with the events')),
                ('restarts', models.BooleanField(default=False, help_text='As for a cart: each change of it postpones the reminder.', verbose_name='the same event starts the wait again')),
                ('guard', sms_marketing.core.fields.KeyField(blank=True, max_length=80, verbose_name='still true check')),
                ('encoding_policy', models.CharField(choices=[('keep', 'keep every letter'), ('punctuation', 'plain quotes and dashes'), ('strip', 'letters without diacritics')], default='punctuation', max_length=12, verbose_name='letters')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.brand')),
            ],
            options={
                'verbose_name': 'journey',
                'verbose_name_plural': 'journeys',
                'ordering': ['name'],
                'permissions': [('operate_journey', 'Can start and pause journeys')],
            },
        ),
        migrations.CreateModel(
            name='Enrollment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', sms_marketing.core.fields.KeyField(max_length=200)),
                ('object_label', sms_marketing.core.fields.KeyField(blank=True, max_length=80)),
                ('object_id', sms_marketing.core.fields.KeyField(blank=True, max_length=80)),
                ('context', models.JSONField(default=dict)),
                ('status', models.CharField(choices=[('active', 'on the way'), ('completed', 'completed'), ('exited', 'left')], default='active', max_length=10)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(null=True)),
                ('round', models.PositiveIntegerField(default=1)),
                ('entered_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('exit_reason', models.CharField(blank=True, max_length=40)),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='enrollments', to='sms_marketing.contact')),
                ('journey', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='enrollments', to='sms_marketing.journey')),
            ],
            options={
                'verbose_name': 'enrollment',
                'verbose_name_plural': 'enrollments',
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('category', models.CharField(choices=[('marketing', 'marketing'), ('transactional', 'service'), ('otp', 'one-time code'), ('compliance', 'answer to STOP or HELP')], max_length=13, verbose_name='kind')),
                ('topic', sms_marketing.core.fields.KeyField(blank=True, max_length=40)),
                ('status', models.CharField(choices=[('queued', 'queued'), ('claimed', 'in hand'), ('unconfirmed', 'unconfirmed'), ('sent', 'sent'), ('delivered', 'delivered'), ('undelivered', 'not delivered'), ('expired', 'expired'), ('failed', 'failed'), ('skipped', 'left out'), ('canceled', 'canceled')], default='queued', max_length=11, verbose_name='status')),
                ('skip_reason', models.CharField(blank=True, choices=[('no_consent', 'no consent'), ('suppressed', 'asked not to be sent to'), ('restricted', 'processing restricted'), ('erased', 'erased'), ('no_phone', 'no number'), ('holdout', 'held out for comparison'), ('too_late', 'its hour had passed'), ('no_hours', 'no hour is allowed'), ('bad_zone', 'unknown time zone'), ('missing_field', 'a field of the text is missing'), ('render_error', 'the text could not be made'), ('too_many_parts', 'too many parts'), ('guard_closed', 'no longer true'), ('guard_failed', "the site's own check failed"), ('no_language', 'no text in a language of theirs'), ('no_sender', 'no sender may carry it'), ('journey_left', 'left the journey'), ('frequency_cap', 'had enough messages lately'), ('no_coupon', 'no code left'), ('spend_cap', 'the spend limit was reached')], max_length=16, verbose_name='why left out')),
                ('priority', models.PositiveSmallIntegerField(choices=[(0, 'codes and answers'), (1, 'service'), (5, 'marketing')])),
                ('to_phone', sms_marketing.core.fields.KeyField(blank=True, max_length=16)),
                ('once_key', sms_marketing.core.fields.KeyField(max_length=120, null=True)),
                ('is_test', models.BooleanField(default=False, verbose_name='test')),
                ('language', models.CharField(blank=True, max_length=10, verbose_name='language')),
                ('body', models.TextField(blank=True)),
                ('context', models.JSONField(null=True)),
                ('bucket', sms_marketing.core.fields.KeyField(blank=True, max_length=8)),
                ('due_at', models.DateTimeField(verbose_name='due')),
                ('expires_at', models.DateTimeField(null=True)),
                ('guard', sms_marketing.core.fields.KeyField(blank=True, max_length=80)),
                ('guard_object', sms_marketing.core.fields.KeyField(blank=True, max_length=80)),
                ('attempt', models.PositiveSmallIntegerField(default=0, verbose_name='attempt')),
                ('provider_message_id', sms_marketing.core.fields.KeyField(max_length=128, null=True, verbose_name="the provider's id")),
                ('part_count', models.PositiveSmallIntegerField(null=True, verbose_name='parts')),
                ('price', sms_marketing.core.fields.MoneyField(null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('error_kind', models.CharField(blank=True, max_length=20)),
                ('error_code', sms_marketing.core.fields.KeyField(blank=True, max_length=64)),
                ('created_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(null=True, verbose_name='sent')),
                ('delivered_at', models.DateTimeField(null=True, verbose_name='delivered')),
                ('brand', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.brand')),
                ('campaign', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='sms_marketing.campaign', verbose_name='campaign')),
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='sms_marketing.contact', verbose_name='contact')),
                ('enrollment', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='sms_marketing.enrollment')),
                ('batch', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='messages', to='sms_marketing.sendbatch')),
            ],
            options={
                'verbose_name': 'message',
                'verbose_name_plural': 'messages',
                'permissions': [('view_body', 'Can read message texts'), ('resolve_message', 'Can decide on unconfirmed messages')],
            },
        ),
        migrations.CreateModel(
            name='Click',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clicked_at', models.DateTimeField()),
                ('is_bot', models.BooleanField(default=False)),
                ('bot_reason', models.CharField(blank=True, max_length=20)),
                ('user_agent', models.CharField(blank=True, max_length=300)),
                ('ip', models.GenericIPAddressField(null=True)),
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.contact')),
                ('link', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to='sms_marketing.link')),
                ('message', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='clicks', to='sms_marketing.message')),
            ],
            options={
                'verbose_name': 'click',
                'verbose_name_plural': 'clicks',
            },
        ),
        migrations.CreateModel(
            name='Purchase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', sms_marketing.core.fields.KeyField(help_text='As shop.Order', max_length=80)),
                ('external_id', sms_marketing.core.fields.KeyField(max_length=80)),
                ('number', models.CharField(blank=True, max_length=80, verbose_name='number')),
                ('status', models.CharField(choices=[('placed', 'placed'), ('refunded', 'refunded'), ('canceled', 'canceled')], default='placed', max_length=8)),
                ('currency', models.CharField(max_length=3)),
                ('amount', sms_marketing.core.fields.MoneyField(verbose_name='amount')),
                ('refunded_amount', sms_marketing.core.fields.MoneyField(default=0, verbose_name='refunded')),
                ('base_currency', models.CharField(max_length=3)),
                ('rate', models.DecimalField(decimal_places=8, default=1, max_digits=18)),
                ('rate_on', models.DateField(null=True)),
                ('net_amount', sms_marketing.core.fields.MoneyField(verbose_name='net amount')),
                ('coupon_code', sms_marketing.core.fields.KeyField(blank=True, max_length=64)),
                ('placed_at', models.DateTimeField(verbose_name='placed')),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.brand')),
                ('contact', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='purchases', to='sms_marketing.contact')),
            ],
            options={
                'verbose_name': 'purchase',
                'verbose_name_plural': 'purchases',
            },
        ),
        migrations.CreateModel(
            name='Conversion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('basis', models.CharField(choices=[('click', 'last click'), ('delivery', 'delivery')], max_length=8)),
                ('credited_at', models.DateTimeField()),
                ('click', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to='sms_marketing.click')),
                ('message', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='conversions', to='sms_marketing.message')),
                ('purchase', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='conversion', to='sms_marketing.purchase')),
            ],
            options={
                'verbose_name': 'attributed sale',
                'verbose_name_plural': 'attributed sales',
            },
        ),
        migrations.CreateModel(
            name='PurchaseLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('placed_at', models.DateTimeField()),
                ('product_id', sms_marketing.core.fields.KeyField(max_length=80)),
                ('product_name', models.CharField(blank=True, max_length=200)),
                ('category', models.CharField(blank=True, max_length=120)),
                ('category_key', sms_marketing.core.fields.KeyField(blank=True, max_length=160)),
                ('brand_name', models.CharField(blank=True, max_length=120)),
                ('brand_key', sms_marketing.core.fields.KeyField(blank=True, max_length=160)),
                ('quantity', models.DecimalField(decimal_places=3, default=1, max_digits=12)),
                ('amount', sms_marketing.core.fields.MoneyField()),
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.contact')),
                ('purchase', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='sms_marketing.purchase')),
            ],
            options={
                'verbose_name': 'purchase line',
                'verbose_name_plural': 'purchase lines',
            },
        ),
        migrations.CreateModel(
            name='ReceiptRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', sms_marketing.core.fields.KeyField(max_length=40)),
                ('reference', sms_marketing.core.fields.KeyField(blank=True, max_length=64)),
                ('provider_message_id', sms_marketing.core.fields.KeyField(blank=True, max_length=128)),
                ('status', models.CharField(max_length=12)),
                ('error_kind', models.CharField(blank=True, max_length=20)),
                ('error_code', sms_marketing.core.fields.KeyField(blank=True, max_length=64)),
                ('part_count', models.PositiveSmallIntegerField(null=True)),
                ('price', sms_marketing.core.fields.MoneyField(null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('occurred_at', models.DateTimeField(null=True)),
                ('received_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('pending', 'to be applied'), ('applied', 'applied'), ('orphan', 'no such message')], default='pending', max_length=7)),
                ('retry_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'receipt',
                'verbose_name_plural': 'receipts',
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['retry_at', 'id'], name='receipt_pending')],
            },
        ),
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('description', models.TextField(blank=True, verbose_name='description')),
                ('kind', models.CharField(choices=[('dynamic', 'rules'), ('static', 'fixed list')], default='dynamic', max_length=8, verbose_name='kind')),
                ('rules', models.JSONField(blank=True, default=dict, verbose_name='rules')),
                ('last_count', models.PositiveIntegerField(editable=False, null=True)),
                ('last_counted_at', models.DateTimeField(editable=False, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('created_by_name', models.CharField(blank=True, editable=False, max_length=150)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'segment',
                'verbose_name_plural': 'segments',
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='campaign',
            name='excluded_segments',
            field=models.ManyToManyField(blank=True, related_name='+', to='sms_marketing.segment', verbose_name='but not'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='segments',
            field=models.ManyToManyField(related_name='campaigns', to='sms_marketing.segment', verbose_name='audience'),
        ),
        migrations.CreateModel(
            name='SegmentMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('added_at', models.DateTimeField(auto_now_add=True)),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='sms_marketing.contact')),
                ('segment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='sms_marketing.segment')),
            ],
            options={
                'verbose_name': 'segment member',
                'verbose_name_plural': 'segment members',
            },
        ),
        migrations.AddField(
            model_name='segment',
            name='members',
            field=models.ManyToManyField(blank=True, through='sms_marketing.SegmentMember', to='sms_marketing.contact'),
        ),
        migrations.CreateModel(
            name='Sender',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', sms_marketing.core.fields.KeyField(help_text='A name of 3 to 11 letters and digits, or a number as +371…', max_length=16, verbose_name='name or number')),
                ('kind', models.CharField(choices=[('name', 'name (one-way)'), ('number', 'number (two-way)'), ('short_code', 'short number (two-way)')], default='name', max_length=10, verbose_name='kind')),
                ('provider', sms_marketing.core.fields.KeyField(default='default', help_text='An alias of SMS_MARKETING["PROVIDERS"].', max_length=40, verbose_name='provider')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='in use')),
                ('allows_marketing', models.BooleanField(default=True, verbose_name='for marketing')),
                ('allows_transactional', models.BooleanField(default=True, verbose_name='for service messages')),
                ('priority', models.PositiveSmallIntegerField(default=10, help_text='The lowest eligible one is taken.', verbose_name='order')),
                ('parts_per_second', models.FloatField(blank=True, null=True, verbose_name='parts a second')),
                ('daily_cap', models.PositiveIntegerField(blank=True, null=True, verbose_name='messages a day')),
                ('bucket_parts', models.FloatField(default=0, editable=False)),
                ('bucket_at', models.DateTimeField(editable=False, null=True)),
                ('halted_at', models.DateTimeField(editable=False, null=True)),
                ('halt_reason', models.CharField(blank=True, editable=False, max_length=200)),
                ('account_errors', models.PositiveIntegerField(default=0, editable=False)),
                ('not_before', models.DateTimeField(editable=False, null=True)),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='senders', to='sms_marketing.brand', verbose_name='brand')),
            ],
            options={
                'verbose_name': 'sender',
                'verbose_name_plural': 'senders',
                'ordering': ['priority', 'id'],
                'permissions': [('operate_sender', 'Can halt and resume a sender')],
            },
        ),
        migrations.AddField(
            model_name='sendbatch',
            name='sender',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sms_marketing.sender'),
        ),
        migrations.CreateModel(
            name='Price',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('country', models.CharField(blank=True, help_text='Empty: all others', max_length=2, verbose_name='country')),
                ('amount', sms_marketing.core.fields.MoneyField(verbose_name='price of a part')),
                ('currency', models.CharField(default='EUR', max_length=3, verbose_name='currency')),
                ('valid_from', models.DateField(verbose_name='from')),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.brand')),
                ('sender', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prices', to='sms_marketing.sender')),
            ],
            options={
                'verbose_name': 'price',
                'verbose_name_plural': 'prices',
                'ordering': ['sender', 'country', '-valid_from'],
            },
        ),
        migrations.AddField(
            model_name='message',
            name='sender',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.sender', verbose_name='sender'),
        ),
        migrations.AddField(
            model_name='journey',
            name='sender',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.sender', verbose_name='sender'),
        ),
        migrations.CreateModel(
            name='InboundMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', sms_marketing.core.fields.KeyField(max_length=40)),
                ('dedup_key', sms_marketing.core.fields.KeyField(max_length=128)),
                ('from_phone', sms_marketing.core.fields.KeyField(max_length=32, verbose_name='from')),
                ('to_address', sms_marketing.core.fields.KeyField(blank=True, max_length=32, verbose_name='to')),
                ('text', models.TextField(blank=True, verbose_name='text')),
                ('action', models.CharField(blank=True, choices=[('', 'kept'), ('stop', 'stopped marketing'), ('stop_all', 'stopped everything'), ('start', 'started again'), ('help', 'asked for help')], max_length=8, verbose_name='done')),
                ('rule', models.CharField(blank=True, max_length=80, verbose_name='matched')),
                ('occurred_at', models.DateTimeField(null=True)),
                ('received_at', models.DateTimeField(verbose_name='received')),
                ('processed_at', models.DateTimeField(null=True)),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.brand', verbose_name='brand')),
                ('contact', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='inbound_messages', to='sms_marketing.contact', verbose_name='contact')),
                ('in_reply_to', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='replies', to='sms_marketing.message')),
                ('sender', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.sender')),
            ],
            options={
                'verbose_name': 'reply',
                'verbose_name_plural': 'replies',
                'permissions': [('view_reply_text', 'Can read replies')],
            },
        ),
        migrations.AddField(
            model_name='campaign',
            name='sender',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.sender', verbose_name='sender'),
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(verbose_name='order')),
                ('kind', models.CharField(choices=[('wait', 'wait'), ('send', 'send')], max_length=10, verbose_name='kind')),
                ('wait_seconds', models.PositiveIntegerField(default=0, verbose_name='seconds to wait')),
                ('config', models.JSONField(blank=True, default=dict)),
                ('journey', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='sms_marketing.journey')),
            ],
            options={
                'verbose_name': 'step',
                'verbose_name_plural': 'steps',
                'ordering': ['journey', 'position'],
            },
        ),
        migrations.AddField(
            model_name='message',
            name='step',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to='sms_marketing.step'),
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phone_hash', sms_marketing.core.fields.KeyField(max_length=64)),
                ('scope', models.CharField(choices=[('marketing', 'marketing'), ('all_but_otp', 'everything but one-time codes'), ('everything', 'everything')], max_length=12, verbose_name='withheld')),
                ('sender_key', models.BigIntegerField(default=0)),
                ('reason', models.CharField(choices=[('stop', 'asked to stop'), ('stop_all', 'asked to stop everything'), ('link', 'opted out on the page'), ('staff', 'staff'), ('api', 'API'), ('import', 'import'), ('carrier', 'refused by the carrier'), ('invalid', 'number does not exist'), ('erased', 'erased')], max_length=10, verbose_name='why')),
                ('created_at', models.DateTimeField(verbose_name='added')),
                ('lifted_at', models.DateTimeField(blank=True, null=True, verbose_name='lifted')),
                ('actor', models.CharField(blank=True, max_length=150)),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.brand', verbose_name='brand')),
                ('contact', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='suppressions', to='sms_marketing.contact', verbose_name='contact')),
            ],
            options={
                'verbose_name': 'suppressed number',
                'verbose_name_plural': 'suppressed numbers',
            },
        ),
        migrations.CreateModel(
            name='Variant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(default='A', max_length=40, verbose_name='name')),
                ('weight', models.PositiveSmallIntegerField(default=100, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='share')),
                ('campaign', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='variants', to='sms_marketing.campaign')),
                ('step', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='variants', to='sms_marketing.step')),
            ],
            options={
                'verbose_name': 'variant',
                'verbose_name_plural': 'variants',
                'ordering': ['id'],
            },
        ),
        migrations.AddField(
            model_name='message',
            name='variant',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.variant'),
        ),
        migrations.CreateModel(
            name='VariantBody',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=10, verbose_name='language')),
                ('text', models.TextField(verbose_name='text')),
                ('variant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bodies', to='sms_marketing.variant')),
            ],
            options={
                'verbose_name': 'text',
                'verbose_name_plural': 'texts',
                'ordering': ['variant', 'id'],
            },
        ),
        migrations.AddField(
            model_name='link',
            name='body',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='sms_marketing.variantbody'),
        ),
        migrations.CreateModel(
            name='ConsentState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('sms', 'SMS'), ('rcs', 'RCS'), ('mms', 'MMS')], default='sms', max_length=5, verbose_name='channel')),
                ('topic', sms_marketing.core.fields.KeyField(blank=True, max_length=40, verbose_name='topic')),
                ('status', models.CharField(choices=[('unknown', 'unknown'), ('pending', 'pending'), ('opted_in', 'opted in'), ('opted_out', 'opted out')], max_length=10, verbose_name='status')),
                ('since', models.DateTimeField(verbose_name='since')),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='sms_marketing.brand', verbose_name='brand')),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consent_states', to='sms_marketing.contact')),
            ],
            options={
                'verbose_name': 'consent',
                'verbose_name_plural': 'consents',
                'indexes': [models.Index(fields=['brand', 'channel', 'topic', 'status', 'contact'], name='consent_in_force')],
                'constraints': [models.UniqueConstraint(fields=('contact', 'brand', 'channel', 'topic'), name='consent_state_is_one')],
            },
        ),
        migrations.CreateModel(
            name='ConsentRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phone_hash', sms_marketing.core.fields.KeyField(max_length=64)),
                ('sequence', models.PositiveIntegerField(verbose_name='number in the chain')),
                ('status', models.CharField(choices=[('unknown', 'unknown'), ('pending', 'pending'), ('opted_in', 'opted in'), ('opted_out', 'opted out')], max_length=10, verbose_name='status')),
                ('channel', models.CharField(choices=[('sms', 'SMS'), ('rcs', 'RCS'), ('mms', 'MMS')], default='sms', max_length=5, verbose_name='channel')),
                ('topic', sms_marketing.core.fields.KeyField(blank=True, help_text='Empty: marketing as a whole.', max_length=40, verbose_name='topic')),
                ('method', models.CharField(choices=[('web_form', 'web form'), ('keyword', 'SMS keyword'), ('link', 'opt-out page'), ('staff', 'staff'), ('api', 'API'), ('import', 'import'), ('paper', 'paper'), ('verbal', 'spoken'), ('carrier', 'carrier'), ('erasure', 'erasure')], max_length=10, verbose_name='given by')),
                ('wording', models.TextField(blank=True, help_text='The exact words shown.', verbose_name='wording')),
                ('wording_language', models.CharField(blank=True, max_length=10, verbose_name='language of the wording')),
                ('evidence', models.JSONField(blank=True, default=dict, verbose_name='evidence')),
                ('personal', models.JSONField(blank=True, null=True)),
                ('salt', sms_marketing.core.fields.KeyField(blank=True, max_length=32)),
                ('personal_digest', sms_marketing.core.fields.KeyField(max_length=64, verbose_name='digest of the personal part')),
                ('actor', models.CharField(blank=True, max_length=150, verbose_name='recorded by')),
                ('occurred_at', models.DateTimeField(verbose_name='happened')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded')),
                ('key_id', sms_marketing.core.fields.KeyField(max_length=20, verbose_name='key')),
                ('previous_mac', sms_marketing.core.fields.KeyField(blank=True, max_length=64, verbose_name='MAC of the row before')),
                ('mac', sms_marketing.core.fields.KeyField(max_length=64, verbose_name='MAC')),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='sms_marketing.brand', verbose_name='brand')),
                ('contact', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consent_records', to='sms_marketing.contact', verbose_name='contact')),
            ],
            options={
                'verbose_name': 'consent record',
                'verbose_name_plural': 'consent ledger',
                'indexes': [models.Index(fields=['contact', 'id'], name='consent_of_contact')],
                'constraints': [models.UniqueConstraint(fields=('brand', 'phone_hash', 'sequence'), name='consent_chain_has_no_fork')],
            },
        ),
        migrations.CreateModel(
            name='ContactIdentity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', sms_marketing.core.fields.KeyField(help_text='As shop.Customer', max_length=80, verbose_name='source')),
                ('external_id', sms_marketing.core.fields.KeyField(max_length=80, verbose_name='id there')),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identities', to='sms_marketing.contact')),
            ],
            options={
                'verbose_name': 'identity',
                'verbose_name_plural': 'identities',
                'constraints': [models.UniqueConstraint(fields=('source', 'external_id'), name='identity_is_one_contact')],
            },
        ),
        migrations.CreateModel(
            name='ContactTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('interest', 'interest'), ('tag', 'tag')], default='interest', max_length=10, verbose_name='kind')),
                ('label', models.CharField(max_length=80, verbose_name='label')),
                ('key', sms_marketing.core.fields.KeyField(editable=False, max_length=120)),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tags', to='sms_marketing.contact')),
            ],
            options={
                'verbose_name': 'interest or tag',
                'verbose_name_plural': 'interests and tags',
                'indexes': [models.Index(fields=['kind', 'key', 'contact'], name='tag_by_key')],
                'constraints': [models.UniqueConstraint(fields=('contact', 'kind', 'key'), name='tag_once_for_a_contact')],
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', sms_marketing.core.fields.KeyField(max_length=80, verbose_name='name')),
                ('properties', models.JSONField(blank=True, default=dict)),
                ('key', sms_marketing.core.fields.KeyField(max_length=200, null=True)),
                ('object_label', sms_marketing.core.fields.KeyField(blank=True, max_length=80)),
                ('object_id', sms_marketing.core.fields.KeyField(blank=True, max_length=80)),
                ('occurred_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('processed_at', models.DateTimeField(null=True)),
                ('contact', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='sms_marketing.contact')),
            ],
            options={
                'verbose_name': 'event',
                'verbose_name_plural': 'events',
                'indexes': [models.Index(condition=models.Q(('processed_at__isnull', True)), fields=['id'], name='event_unprocessed'), models.Index(fields=['name', 'contact', 'occurred_at'], name='event_by_name')],
                'constraints': [models.UniqueConstraint(fields=('key',), name='event_is_one')],
            },
        ),
        migrations.AddIndex(
            model_name='enrollment',
            index=models.Index(fields=['due_at', 'id'], name='enrollment_due'),
        ),
        migrations.AddIndex(
            model_name='enrollment',
            index=models.Index(fields=['object_label', 'object_id'], name='enrollment_by_object'),
        ),
        migrations.AddConstraint(
            model_name='enrollment',
            constraint=models.UniqueConstraint(fields=('journey', 'contact', 'key'), name='enrollment_once_for_an_object'),
        ),
        migrations.AddConstraint(
            model_name='enrollment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('status', 'active')), models.Q(models.Q(('status', 'active'), _negated=True), ('due_at__isnull', True)), _connector='OR'), name='enrollment_active_has_due_at'),
        ),
        migrations.AddIndex(
            model_name='click',
            index=models.Index(fields=['contact', 'clicked_at'], name='click_of_contact'),
        ),
        migrations.AddIndex(
            model_name='purchase',
            index=models.Index(fields=['contact', 'placed_at', 'status', 'net_amount'], name='purchase_of_contact'),
        ),
        migrations.AddIndex(
            model_name='purchase',
            index=models.Index(fields=['placed_at', 'contact'], name='purchase_by_time'),
        ),
        migrations.AddConstraint(
            model_name='purchase',
            constraint=models.UniqueConstraint(fields=('source', 'external_id'), name='purchase_is_one'),
        ),
        migrations.AddIndex(
            model_name='purchaseline',
            index=models.Index(fields=['category_key', 'placed_at', 'contact'], name='line_by_category'),
        ),
        migrations.AddIndex(
            model_name='purchaseline',
            index=models.Index(fields=['product_id', 'placed_at', 'contact'], name='line_by_product'),
        ),
        migrations.AddConstraint(
            model_name='segmentmember',
            constraint=models.UniqueConstraint(fields=('segment', 'contact'), name='segment_member_is_one'),
        ),
        migrations.AddConstraint(
            model_name='sender',
            constraint=models.UniqueConstraint(fields=('provider', 'address'), name='sender_is_one'),
        ),
        migrations.AddConstraint(
            model_name='sender',
            constraint=models.CheckConstraint(condition=models.Q(('parts_per_second__isnull', True), ('parts_per_second__gt', 0), _connector='OR'), name='sender_rate_is_positive'),
        ),
        migrations.AddIndex(
            model_name='sendbatch',
            index=models.Index(fields=['state', 'lease_until'], name='batch_by_lease'),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=models.UniqueConstraint(fields=('sender', 'country', 'valid_from'), name='price_of_a_day_is_one'),
        ),
        migrations.AddIndex(
            model_name='journey',
            index=models.Index(fields=['trigger_event', 'status'], name='journey_by_trigger'),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(fields=['processed_at', 'id'], name='inbound_waiting'),
        ),
        migrations.AddConstraint(
            model_name='inboundmessage',
            constraint=models.UniqueConstraint(fields=('provider', 'dedup_key'), name='inbound_is_one'),
        ),
        migrations.AddIndex(
            model_name='campaign',
            index=models.Index(fields=['status', 'due_at'], name='campaign_due'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('audience_count__isnull', False), ('status__in', ['draft', 'scheduled', 'launching', 'canceled']), _connector='OR'), name='campaign_sending_has_audience'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('holdout_percent__lte', 50)), name='campaign_holdout_at_most_50'),
        ),
        migrations.AddConstraint(
            model_name='step',
            constraint=models.UniqueConstraint(fields=('journey', 'position'), name='step_position_is_one'),
        ),
        migrations.AddIndex(
            model_name='suppression',
            index=models.Index(fields=['phone_hash', 'lifted_at'], name='suppression_by_hash'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.UniqueConstraint(fields=('brand', 'phone_hash', 'scope', 'sender_key'), name='suppression_is_one'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.CheckConstraint(condition=models.Q(('sender_key__gte', 0)), name='suppression_sender_key'),
        ),
        migrations.AddConstraint(
            model_name='variant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('campaign__isnull', False), ('step__isnull', True)), models.Q(('campaign__isnull', True), ('step__isnull', False)), _connector='OR'), name='variant_has_one_owner'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('status', 'queued')), fields=['campaign', 'priority', 'due_at', 'id'], name='message_due_for_claim'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('status__in', ['claimed', 'unconfirmed'])), fields=['batch'], name='message_of_open_batch'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('provider_message_id__isnull', False)), fields=['provider_message_id'], name='message_by_provider_id'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('sent_at__isnull', False)), fields=['contact', 'sent_at'], name='message_history_of_contact'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('campaign', 'contact'), name='message_once_for_a_campaign'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('once_key',), name='message_once'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'skipped'), models.Q(('skip_reason', ''), _negated=True)), models.Q(models.Q(('status', 'skipped'), _negated=True), ('skip_reason', '')), _connector='OR'), name='message_skipped_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['sent', 'delivered']), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='message_sent_has_sent_at'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'delivered'), _negated=True), ('delivered_at__isnull', False), _connector='OR'), name='message_delivered_has_delivered_at'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'claimed'), _negated=True), ('batch__isnull', False), _connector='OR'), name='message_claimed_has_batch'),
        ),
        migrations.AddConstraint(
            model_name='variantbody',
            constraint=models.UniqueConstraint(fields=('variant', 'language'), name='body_of_a_language_is_one'),
        ),
        migrations.AddConstraint(
            model_name='link',
            constraint=models.UniqueConstraint(fields=('body', 'position'), name='link_position_is_one'),
        ),
        migrations.AddConstraint(
            model_name='link',
            constraint=models.CheckConstraint(condition=models.Q(('position__lte', 6)), name='link_position_at_most_6'),
        ),
        migrations.RunPython(
            add_plain_indexes, migrations.RunPython.noop, elidable=False
        ),
        migrations.RunPython(
            add_default_brand, migrations.RunPython.noop, elidable=False
        ),
    ]
