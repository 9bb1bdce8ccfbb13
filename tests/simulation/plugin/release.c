#include "release.h"

#include <stdlib.h>
#include <string.h>

Release
release_get (void)
{
  const gchar *name = g_getenv ("EDGE_SIMULATED_L4T");

  if (g_strcmp0 (name, "r32") == 0)
    return RELEASE_R32;
  if (g_strcmp0 (name, "r35") == 0)
    return RELEASE_R35;
  if (g_strcmp0 (name, "r36") == 0)
    return RELEASE_R36;
  if (g_strcmp0 (name, "r38") == 0)
    return RELEASE_R38;
  return RELEASE_NONE;
}

gboolean
release_has (const gchar * element)
{
  const gchar *names = g_getenv ("EDGE_SIMULATED_WITHOUT");

  if (names == NULL)
    return TRUE;
  gchar **missing = g_strsplit (names, ",", -1);
  gboolean has = !g_strv_contains ((const gchar * const *) missing, element);
  g_strfreev (missing);
  return has;
}

gchar **
release_order (const gchar * who)
{
  const gchar *path = g_getenv ("EDGE_SIMULATED_CONTROL");
  gchar *text, **found = NULL;

  if (path == NULL || !g_file_get_contents (path, &text, NULL, NULL))
    return NULL;
  gchar **lines = g_strsplit (text, "\n", -1);
  for (gchar ** line = lines; *line != NULL && found == NULL; line++) {
    gchar **words = g_strsplit (g_strstrip (*line), " ", -1);
    if (words[0] != NULL && words[1] != NULL && strcmp (words[0], who) == 0)
      found = g_strdupv (words + 1);
    g_strfreev (words);
  }
  g_strfreev (lines);
  g_free (text);
  return found;
}
