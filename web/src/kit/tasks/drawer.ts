import { Store } from "../store";

export interface DrawerState {
  open: boolean;
  shown?: { node: string; upid: string };
}

export const drawer = new Store<DrawerState>({ open: false });

/** Opens the drawer at the log of this task. */
export function showTask(node: string, upid: string): void {
  drawer.set({ open: true, shown: { node, upid } });
}

export function toggleDrawer(): void {
  drawer.set({ ...drawer.get(), open: !drawer.get().open });
}
