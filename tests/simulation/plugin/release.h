/* Which release of L4T is simulated, and what of it is missing: told by the environment. */

#pragma once

#include <gst/gst.h>

typedef enum
{
  RELEASE_NONE = 0,
  RELEASE_R32 = 32,
  RELEASE_R35 = 35,
  RELEASE_R36 = 36,
  RELEASE_R38 = 38,
} Release;

/* The environment that the plugin's features depend on: the registry is made anew when it changes. */
#define RELEASE_ENVIRONMENT "EDGE_SIMULATED_L4T:EDGE_SIMULATED_WITHOUT"

/* EDGE_SIMULATED_L4T: r32, r35, r36 or r38. */
Release release_get (void);

/* Whether the element is installed: EDGE_SIMULATED_WITHOUT names those that are not, with commas between them. */
gboolean release_has (const gchar * element);

/* What a control file orders for "camera:0", "decoder", …, as words; NULL for nothing. Free with g_strfreev.
 * EDGE_SIMULATED_CONTROL names the file, one order a line: "camera:0 error TIMEOUT". */
gchar **release_order (const gchar * who);
