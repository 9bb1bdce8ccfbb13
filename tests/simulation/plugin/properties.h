/* Properties as a table: name, type, range, value at first, and the releases that have it. */

#pragma once

#include <gst/gst.h>

#include "release.h"

typedef enum
{
  PROPERTY_BOOLEAN,
  PROPERTY_INT,
  PROPERTY_UINT,
  PROPERTY_UINT64,
  PROPERTY_FLOAT,
  PROPERTY_STRING,
  PROPERTY_ENUM,
} PropertyKind;

typedef struct
{
  const gchar *name;
  PropertyKind kind;
  gdouble least, most, initially;
  /* Of a string: its value at first. */
  const gchar *text;
  /* Of an enumeration: its type's name, and its values as "0:decode_all,1:decode_non_ref". */
  const gchar *type, *values;
  /* The first release that has it and the last; 0: all. */
  Release since, until;
  gboolean read_only;
} Property;

/* Install those of a table, ended by one without a name, that the simulated release has. They are kept by this file. */
void properties_install (GObjectClass * klass, const Property * table);

/* What a property holds now: 0 for one that this release has not. Of a string, a copy or NULL. */
gdouble property_number (gpointer object, const gchar * name);
gchar *property_string (gpointer object, const gchar * name);

/* Change one from inside, a read-only one too. */
void property_put_number (gpointer object, const gchar * name, gdouble number);
void property_put_string (gpointer object, const gchar * name, const gchar * text);
