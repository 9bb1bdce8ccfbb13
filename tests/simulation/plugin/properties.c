#include "properties.h"

#include <stdlib.h>
#include <string.h>

static GType
enum_type (const Property * property)
{
  GType type = g_type_from_name (property->type);

  if (type != 0)
    return type;
  gchar **words = g_strsplit (property->values, ",", -1);
  /* The table stays for ever, as types do. */
  GEnumValue *table = g_new0 (GEnumValue, g_strv_length (words) + 1);
  for (guint i = 0; words[i] != NULL; i++) {
    const gchar *nick = g_intern_string (strchr (words[i], ':') + 1);
    table[i] = (GEnumValue) { atoi (words[i]), nick, nick };
  }
  g_strfreev (words);
  return g_enum_register_static (g_intern_string (property->type), table);
}

static GParamSpec *
spec_of (const Property * p)
{
  GParamFlags flags = (p->read_only ? G_PARAM_READABLE : G_PARAM_READWRITE) | G_PARAM_STATIC_STRINGS;

  switch (p->kind) {
    case PROPERTY_BOOLEAN:
      return g_param_spec_boolean (p->name, p->name, p->name, p->initially != 0, flags);
    case PROPERTY_INT:
      return g_param_spec_int (p->name, p->name, p->name, p->least, p->most, p->initially, flags);
    case PROPERTY_UINT:
      return g_param_spec_uint (p->name, p->name, p->name, p->least, p->most, p->initially, flags);
    case PROPERTY_UINT64:
      return g_param_spec_uint64 (p->name, p->name, p->name, 0, G_MAXUINT64, p->initially, flags);
    case PROPERTY_FLOAT:
      return g_param_spec_float (p->name, p->name, p->name, p->least, p->most, p->initially, flags);
    case PROPERTY_STRING:
      return g_param_spec_string (p->name, p->name, p->name, p->text, flags);
    case PROPERTY_ENUM:
      return g_param_spec_enum (p->name, p->name, p->name, enum_type (p), p->initially, flags);
  }
  return NULL;
}

/* A value is kept with its object under the name of the property. */
static void
free_value (gpointer value)
{
  g_value_unset (value);
  g_free (value);
}

static void
keep (GObject * object, const GParamSpec * spec, const GValue * value)
{
  GValue *copy = g_new0 (GValue, 1);

  g_value_init (copy, G_VALUE_TYPE (value));
  g_value_copy (value, copy);
  GST_OBJECT_LOCK (object);
  g_object_set_qdata_full (object, g_quark_from_string (spec->name), copy, free_value);
  GST_OBJECT_UNLOCK (object);
}

static void
fetch (GObject * object, GParamSpec * spec, GValue * value)
{
  GST_OBJECT_LOCK (object);
  GValue *kept = g_object_get_qdata (object, g_quark_from_string (spec->name));
  if (kept != NULL)
    g_value_copy (kept, value);
  else
    g_param_value_set_default (spec, value);
  GST_OBJECT_UNLOCK (object);
}

static void
set_property (GObject * object, guint id, const GValue * value, GParamSpec * spec)
{
  (void) id;
  keep (object, spec, value);
}

static void
get_property (GObject * object, guint id, GValue * value, GParamSpec * spec)
{
  (void) id;
  fetch (object, spec, value);
}

void
properties_install (GObjectClass * klass, const Property * table)
{
  Release release = release_get ();

  klass->set_property = set_property;
  klass->get_property = get_property;
  for (guint id = 1; table->name != NULL; id++, table++)
    if (release >= table->since && (table->until == RELEASE_NONE || release <= table->until))
      g_object_class_install_property (klass, id, spec_of (table));
}

gdouble
property_number (gpointer object, const gchar * name)
{
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (object), name);
  GValue value = G_VALUE_INIT;

  if (spec == NULL)
    return 0;
  g_value_init (&value, spec->value_type);
  fetch (object, spec, &value);
  switch (G_TYPE_FUNDAMENTAL (spec->value_type)) {
    case G_TYPE_BOOLEAN:
      return g_value_get_boolean (&value);
    case G_TYPE_INT:
      return g_value_get_int (&value);
    case G_TYPE_UINT:
      return g_value_get_uint (&value);
    case G_TYPE_UINT64:
      return g_value_get_uint64 (&value);
    case G_TYPE_FLOAT:
      return g_value_get_float (&value);
    default:
      return g_value_get_enum (&value);
  }
}

gchar *
property_string (gpointer object, const gchar * name)
{
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (object), name);
  GValue value = G_VALUE_INIT;

  if (spec == NULL)
    return NULL;
  g_value_init (&value, G_TYPE_STRING);
  fetch (object, spec, &value);
  gchar *text = g_value_dup_string (&value);
  g_value_unset (&value);
  return text;
}

void
property_put_number (gpointer object, const gchar * name, gdouble number)
{
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (object), name);
  GValue value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, number);
  if (spec != NULL)
    keep (object, spec, &value);
}

void
property_put_string (gpointer object, const gchar * name, const gchar * text)
{
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (object), name);
  GValue value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, text);
  if (spec != NULL)
    keep (object, spec, &value);
  g_value_unset (&value);
}
