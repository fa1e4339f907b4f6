// The order in which queued jobs will be taken. Events tell a job's place when it enters; who leaves moves the rest up.
export class QueueOrder {
  private ids: string[] = [];
  private loaded = new Map<string, number>();
  private readonly members = new Set<string>();
  private places: Map<string, number> | undefined;

  // Before the first insert: places as a snapshot has them, in any order.
  load(id: string, place: number): void {
    this.loaded.set(id, place);
    this.members.add(id);
    this.places = undefined;
  }

  // `place` from 1; 0 when unknown: at the end.
  insert(id: string, place: number): void {
    this.settle();
    const index = place > 0 ? Math.min(place - 1, this.ids.length) : this.ids.length;
    this.ids.splice(index, 0, id);
    this.members.add(id);
    this.places = undefined;
  }

  remove(id: string): void {
    if (!this.members.delete(id)) return;
    this.settle();
    this.ids.splice(this.ids.indexOf(id), 1);
    this.places = undefined;
  }

  position(id: string): number | undefined {
    if (!this.members.has(id)) return undefined;
    this.settle();
    this.places ??= new Map(this.ids.map((member, index) => [member, index + 1]));
    return this.places.get(id);
  }

  first(most: number): string[] {
    this.settle();
    return this.ids.slice(0, most);
  }

  private settle(): void {
    if (!this.loaded.size) return;
    const arrived = [...this.loaded].sort((a, b) => a[1] - b[1]).map(([id]) => id);
    this.ids = this.ids.concat(arrived);
    this.loaded = new Map();
  }
}
